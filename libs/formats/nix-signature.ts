/**
 * Nix's binary cache signatures: Ed25519 over a fingerprint of path, nar hash, nar size and
 * references. Keys are `NAME:BASE64` of seed and public key (secret) or of the public key; a key
 * is read once into a KeyObject, since reading it costs ten times as much as signing.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  sign,
  verify,
  type KeyObject,
} from 'node:crypto';
import { err, ok, type Result } from '#std/result.js';
import { decodeBase64, encodeBase64 } from './base64.js';
import type { Narinfo } from './narinfo.js';

export interface NixKeyError {
  readonly kind: 'bad-key-name' | 'bad-key' | 'mismatched-halves';
}

/** Whoever holds it signs for the farm; its secret never shows in logs or JSON. */
export class NixSecretKey {
  readonly #key: KeyObject;

  constructor(
    readonly name: string,
    key: KeyObject,
  ) {
    this.#key = key;
  }

  sign(text: string): Uint8Array {
    return sign(null, bytesOf(text), this.#key);
  }

  publicKey(): NixPublicKey {
    return new NixPublicKey(this.name, createPublicKey(this.#key));
  }

  /** The 32 secret bytes, to be written to the key file and nowhere else. */
  seed(): Uint8Array {
    const { d = '' } = this.#key.export({ format: 'jwk' });
    return Uint8Array.from(Buffer.from(d, 'base64url'));
  }
}

export class NixPublicKey {
  readonly #key: KeyObject;

  constructor(
    readonly name: string,
    key: KeyObject,
  ) {
    this.#key = key;
  }

  verify(text: string, signature: Uint8Array): boolean {
    return verify(null, Buffer.from(text, 'utf8'), this.#key, signature);
  }

  bytes(): Uint8Array {
    const { x = '' } = this.#key.export({ format: 'jwk' });
    return Uint8Array.from(Buffer.from(x, 'base64url'));
  }
}

/** What a signature covers. */
export type Signable = Pick<Narinfo, 'storePath' | 'narHash' | 'narSize' | 'references'>;

const keySize = 32;
const signatureSize = 64;
/** What stands before the bare key in PKCS #8 and SPKI (RFC 8410). */
const secretHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicHead = Buffer.from('302a300506032b6570032100', 'hex');

/** A new key; the usual name is a host and a number, as in `farm.example.org-1`. */
export function generateNixKey(name: string): NixSecretKey {
  if (!isKeyName(name)) throw new TypeError('a key name has no colon and no white space');
  return new NixSecretKey(name, generateKeyPairSync('ed25519').privateKey);
}

/** The text of a secret key file, without line end. */
export function formatNixSecretKey(secret: NixSecretKey): string {
  const halves = Buffer.concat([secret.seed(), secret.publicKey().bytes()]);
  return `${secret.name}:${encodeBase64(halves)}`;
}

/** The text that clients put among their trusted public keys. */
export function formatNixPublicKey(key: NixPublicKey): string {
  return `${key.name}:${encodeBase64(key.bytes())}`;
}

export function publicKeyOf(secret: NixSecretKey): NixPublicKey {
  return secret.publicKey();
}

/** Reads the text of a key file; white space around it is allowed. */
export function parseNixSecretKey(text: string): Result<NixSecretKey, NixKeyError> {
  const read = nameAndBytes(text, 2 * keySize);
  if (!read.ok) return read;
  const { name, bytes } = read.value;
  const der = Buffer.concat([secretHead, bytes.subarray(0, keySize)]);
  const secret = new NixSecretKey(
    name,
    createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
  );
  const same = Buffer.compare(secret.publicKey().bytes(), bytes.subarray(keySize)) === 0;
  return same ? ok(secret) : err({ kind: 'mismatched-halves' });
}

export function parseNixPublicKey(text: string): Result<NixPublicKey, NixKeyError> {
  const read = nameAndBytes(text, keySize);
  if (!read.ok) return read;
  const der = Buffer.concat([publicHead, read.value.bytes]);
  const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
  return ok(new NixPublicKey(read.value.name, key));
}

/** The text that is signed: full paths, references in order of their bytes. */
export function fingerprint(storeDir: string, item: Signable): string {
  const names = inOrder(item.references);
  const references = names.length > 0 ? `${storeDir}/${names.join(`,${storeDir}/`)}` : '';
  return `1;${item.storePath};${item.narHash};${item.narSize};${references}`;
}

/** A buffer of its own for each text costs a tenth of a signature; this one is read at once. */
const scratch = Buffer.alloc(1 << 16);
const bytesPerCharacter = 3;

function bytesOf(text: string): Uint8Array {
  if (text.length * bytesPerCharacter > scratch.length) return Buffer.from(text, 'utf8');
  return scratch.subarray(0, scratch.write(text, 'utf8'));
}

/** Most come in order already, and are not copied then. */
function inOrder(names: readonly string[]): readonly string[] {
  for (let i = 1; i < names.length; i += 1) {
    if (names[i - 1]! > names[i]!) return names.toSorted();
  }
  return names;
}

/** The value of a `Sig` line: `NAME:BASE64`. */
export function signNix(secret: NixSecretKey, item: Signable): string {
  const signature = secret.sign(fingerprint(storeDirOf(item), item));
  return `${secret.name}:${encodeBase64(signature)}`;
}

/** Whether one of the narinfo's signatures is of this key and covers it. */
export function verifyNix(
  key: NixPublicKey,
  narinfo: Signable & Pick<Narinfo, 'signatures'>,
): boolean {
  const text = fingerprint(storeDirOf(narinfo), narinfo);
  return narinfo.signatures.some((signature) => {
    const colon = signature.indexOf(':');
    if (signature.slice(0, colon) !== key.name) return false;
    const bytes = decodeBase64(signature.slice(colon + 1));
    return bytes?.length === signatureSize && key.verify(text, bytes);
  });
}

function storeDirOf(item: Signable): string {
  return item.storePath.slice(0, item.storePath.lastIndexOf('/'));
}

function isKeyName(name: string): boolean {
  return /^[^:\s]+$/.test(name);
}

function nameAndBytes(
  text: string,
  size: number,
): Result<{ readonly name: string; readonly bytes: Uint8Array }, NixKeyError> {
  const trimmed = text.trim();
  const colon = trimmed.indexOf(':');
  const name = trimmed.slice(0, Math.max(colon, 0));
  if (!isKeyName(name)) return err({ kind: 'bad-key-name' });
  const bytes = decodeBase64(trimmed.slice(colon + 1));
  return bytes?.length === size ? ok({ name, bytes }) : err({ kind: 'bad-key' });
}
