/**
 * The keys of one store, ready to sign: what they are was read and checked once, since signing goes
 * on at every narinfo that is asked for the first time.
 */
import { printGuixNarinfo, type Narinfo } from '#formats/narinfo.js';
import { signGuix, type GuixSecretKey } from '#formats/guix-signature.js';
import { signNix, type NixSecretKey } from '#formats/nix-signature.js';
import { formatSigningPublicKey, type SigningKey } from '#formats/signing-key.js';

/** What is signed: for Nix path, hash, size and references; for Guix the deriver too. */
export type SignedFields = Pick<
  Narinfo,
  'storePath' | 'narHash' | 'narSize' | 'references' | 'deriver'
>;

/** What a signed narinfo has more than its fields. */
export type Signed = Pick<Narinfo, 'signatures' | 'guixSignature'>;

export class StoreKeys {
  /** As clients trust them, the foremost first. */
  readonly publicKeys: readonly string[];
  private readonly nix: NixSecretKey[] = [];
  private readonly guix: GuixSecretKey | undefined;

  constructor(
    keys: readonly SigningKey[],
    /** What a signature of Guix says of its origin; clients show it and do not act upon it. */
    private readonly host: string,
  ) {
    for (const signing of keys) {
      if (signing.dialect === 'nix') this.nix.push(signing.key);
      else this.guix ??= signing.key;
    }
    this.publicKeys = keys.map((key) => formatSigningPublicKey(key).trimEnd());
  }

  /** Addresses are not signed: they follow the signature, and mirrors may change them. */
  sign(item: SignedFields): Signed {
    if (!this.guix) return { signatures: this.nix.map((key) => signNix(key, item)) };
    const bare = { ...item, encodings: [], signatures: [] };
    const text = printGuixNarinfo(bare, { urls: 'after-signature' });
    return { signatures: [], guixSignature: signGuix(this.guix, this.host, text) };
  }
}
