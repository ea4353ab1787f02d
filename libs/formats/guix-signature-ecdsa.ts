/**
 * ECDSA on the curve of Ed25519 with the nonces of RFC 6979 and SHA-256, as libgcrypt makes it for
 * keys with the flag `rfc6979`. It is not EdDSA. The order of the group has 253 bits, so that a
 * digest counts with its leftmost 253 bits. Points come from @noble/curves; numbers modulo the
 * order from its field.
 */
import { createHmac, randomBytes } from 'node:crypto';
import { ed25519 } from '@noble/curves/ed25519.js';

const { Point } = ed25519;
const { Fn } = Point;
export type EdwardsPoint = InstanceType<typeof Point>;

/** Bytes of a digest, of a coordinate and of a number below the order. */
export const numberSize = 32;
/** What a digest or a candidate for a nonce has above the order's 253 bits. */
const surplusBits = 3n;

export interface EcdsaSignature {
  readonly r: bigint;
  readonly s: bigint;
}

/** The secret number as it stands in its file, which may be above the order. */
export function publicPoint(secret: Uint8Array): EdwardsPoint | undefined {
  const scalar = Fn.create(numberOf(secret));
  return scalar === 0n ? undefined : Point.BASE.multiply(scalar);
}

/** Undefined unless the 32 bytes are a point of the large group, in its one spelling. */
export function decodePoint(bytes: Uint8Array): EdwardsPoint | undefined {
  try {
    const point = Point.fromBytes(bytes);
    return !point.is0() && point.isTorsionFree() ? point : undefined;
  } catch {
    return undefined;
  }
}

/** The same digest always gets the same signature. `secret` is of 32 bytes. */
export function signEcdsa(secret: Uint8Array, digest: Uint8Array): EcdsaSignature {
  const scalar = Fn.create(numberOf(secret));
  const hashed = truncated(digest);
  for (const nonce of nonces(secret, digest)) {
    const r = Fn.create(Point.BASE.multiply(nonce).x);
    // The inversion takes a time that depends on its number, so it gets one that nobody knows.
    const blind = blinding();
    const sum = Fn.add(Fn.mul(blind, hashed), Fn.mul(Fn.mul(blind, r), scalar));
    const s = Fn.mul(sum, Fn.inv(Fn.mul(blind, nonce)));
    if (r !== 0n && s !== 0n) return { r, s };
  }
  throw new RangeError('RFC 6979 has no last nonce');
}

export function verifyEcdsa(
  point: EdwardsPoint,
  digest: Uint8Array,
  { r, s }: EcdsaSignature,
): boolean {
  if (r <= 0n || r >= Fn.ORDER || s <= 0n || s >= Fn.ORDER) return false;
  const inverse = Fn.inv(s);
  const ofBase = Point.BASE.multiplyUnsafe(Fn.mul(truncated(digest), inverse));
  const sum = ofBase.add(point.multiplyUnsafe(Fn.mul(r, inverse)));
  return !sum.is0() && Fn.create(sum.x) === r;
}

/** Big-endian, unsigned. */
export function numberOf(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

/** Big-endian, unsigned, without leading zero bytes. */
export function minimalBytes(number: bigint): Uint8Array {
  const text = number.toString(16);
  return Uint8Array.from(Buffer.from(text.padStart(text.length + (text.length % 2), '0'), 'hex'));
}

function truncated(digest: Uint8Array): bigint {
  return Fn.create(numberOf(digest) >> surplusBits);
}

/** RFC 6979, section 3.2: K and V, and candidates until one is below the order. */
function* nonces(secret: Uint8Array, digest: Uint8Array): Generator<bigint> {
  const octets = Buffer.from(
    truncated(digest)
      .toString(16)
      .padStart(2 * numberSize, '0'),
    'hex',
  );
  let key: Uint8Array = new Uint8Array(numberSize);
  let value: Uint8Array = new Uint8Array(numberSize).fill(1);
  for (const step of [0, 1]) {
    key = hmac(key, [value, Uint8Array.of(step), secret, octets]);
    value = hmac(key, [value]);
  }
  for (;;) {
    value = hmac(key, [value]);
    const candidate = numberOf(value) >> surplusBits;
    if (candidate > 0n && candidate < Fn.ORDER) yield candidate;
    key = hmac(key, [value, Uint8Array.of(0)]);
    value = hmac(key, [value]);
  }
}

function hmac(key: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac('sha256', key);
  for (const piece of pieces) mac.update(piece);
  return mac.digest();
}

function blinding(): bigint {
  for (;;) {
    const number = Fn.create(numberOf(randomBytes(numberSize)));
    if (number !== 0n) return number;
  }
}
