/**
 * Key pairs of Guix: `(private-key (ecc (curve Ed25519) (q #…#) (d #…#)))`, as `guix archive
 * --generate-key` writes them, and the public half that clients authorise.
 */
import { randomBytes } from 'node:crypto';
import { err, ok, type Result } from '#std/result.js';
import { decodePoint, numberSize, publicPoint, type EdwardsPoint } from './guix-signature-ecdsa.js';
import { toHex } from './hash.js';
import {
  atom,
  isAtom,
  isList,
  member,
  nameOf,
  parseSexp,
  printAdvanced,
  textOfAtom,
  type Sexp,
  type SexpError,
} from './sexp.js';

export type GuixKeyError =
  | SexpError
  /** Keys of RSA, which Guix made before 2014, among them. */
  | { readonly kind: 'unsupported-key'; readonly algorithm: string }
  | { readonly kind: 'unsupported-curve'; readonly curve: string }
  | { readonly kind: 'not-a-key' | 'bad-point' | 'bad-secret' | 'mismatched-halves' };

/** Whoever holds it signs for the farm; its secret never shows in logs or JSON. */
export class GuixSecretKey {
  readonly #secret: Uint8Array;

  constructor(
    readonly publicKey: GuixPublicKey,
    secret: Uint8Array,
  ) {
    this.#secret = secret;
  }

  /** The 32 secret bytes, for signing and for the key file, and for nothing else. */
  secret(): Uint8Array {
    return this.#secret;
  }
}

export class GuixPublicKey {
  /** `(public-key (ecc (curve Ed25519) (q #…#)))` */
  readonly sexp: Sexp;
  readonly #point: EdwardsPoint;

  constructor(
    /** The point as EdDSA spells it: 32 bytes. */
    readonly q: Uint8Array,
    point: EdwardsPoint,
  ) {
    this.#point = point;
    this.sexp = [atom('public-key'), [atom('ecc'), [atom('curve'), atom('Ed25519')], named(q)]];
  }

  get point(): EdwardsPoint {
    return this.#point;
  }

  equals(other: GuixPublicKey): boolean {
    return toHex(this.q) === toHex(other.q);
  }
}

export function generateGuixKey(): GuixSecretKey {
  for (;;) {
    const secret = Uint8Array.from(randomBytes(numberSize));
    const point = publicPoint(secret);
    if (point) return new GuixSecretKey(new GuixPublicKey(point.toBytes(), point), secret);
  }
}

/** The text of a key file, ending in a line feed. */
export function formatGuixSecretKey(key: GuixSecretKey): string {
  const d: Sexp = [atom('d'), key.secret()];
  const curve = [atom('curve'), atom('Ed25519')];
  return printAdvanced([atom('private-key'), [atom('ecc'), curve, named(key.publicKey.q), d]]);
}

/** What clients give to `guix archive --authorize`, ending in a line feed. */
export function formatGuixPublicKey(key: GuixPublicKey): string {
  return printAdvanced(key.sexp);
}

/** Reads the text of `signing-key.sec`. */
export function parseGuixSecretKey(text: string): Result<GuixSecretKey, GuixKeyError> {
  const parsed = parseSexp(atom(text));
  if (!parsed.ok) return parsed;
  const body = keyBody(parsed.value, 'private-key');
  if (!body.ok) return body;
  const publicKey = publicKeyIn(body.value);
  if (!publicKey.ok) return publicKey;
  const given = valueOf(body.value, 'd');
  const secret = given && padded(given);
  const point = secret && publicPoint(secret);
  if (!secret || !point) return err({ kind: 'bad-secret' });
  return point.equals(publicKey.value.point)
    ? ok(new GuixSecretKey(publicKey.value, secret))
    : err({ kind: 'mismatched-halves' });
}

/** Reads the text of `signing-key.pub`. */
export function parseGuixPublicKey(text: string): Result<GuixPublicKey, GuixKeyError> {
  const parsed = parseSexp(atom(text));
  return parsed.ok ? guixPublicKeyOf(parsed.value) : parsed;
}

export function guixPublicKeyOf(sexp: Sexp): Result<GuixPublicKey, GuixKeyError> {
  const body = keyBody(sexp, 'public-key');
  return body.ok ? publicKeyIn(body.value) : body;
}

function keyBody(
  sexp: Sexp,
  name: 'private-key' | 'public-key',
): Result<readonly Sexp[], GuixKeyError> {
  const body = isList(sexp) ? sexp[1] : undefined;
  if (nameOf(sexp) !== name || !isList(body)) return err({ kind: 'not-a-key' });
  const algorithm = nameOf(body) ?? '';
  return algorithm === 'ecc' ? ok(body) : err({ kind: 'unsupported-key', algorithm });
}

function publicKeyIn(body: readonly Sexp[]): Result<GuixPublicKey, GuixKeyError> {
  const curve = textOfAtom(member(body, 'curve')?.[1]) ?? '';
  if (curve !== 'Ed25519') return err({ kind: 'unsupported-curve', curve: curve.slice(0, 40) });
  const q = valueOf(body, 'q');
  const point = q?.length === numberSize ? decodePoint(q) : undefined;
  return q && point ? ok(new GuixPublicKey(q, point)) : err({ kind: 'bad-point' });
}

function valueOf(body: readonly Sexp[], name: string): Uint8Array | undefined {
  const value = member(body, name)?.[1];
  return isAtom(value) ? value : undefined;
}

/** libgcrypt drops leading zero bytes of the number when it writes it. */
function padded(secret: Uint8Array): Uint8Array | undefined {
  if (secret.length > numberSize) return undefined;
  const whole = new Uint8Array(numberSize);
  whole.set(secret, numberSize - secret.length);
  return whole;
}

function named(q: Uint8Array): Sexp {
  return [atom('q'), q];
}
