/**
 * Hashes as Nix and Guix write them: an algorithm and a digest, spelt `sha256:<nix32>` in
 * narinfos and databases, `sha256:<hex>` in fingerprints, and `sha256-<base64>` (SRI) in Nix
 * expressions.
 */
import { createHash, hash as oneShot, type Hash as NodeHash } from 'node:crypto';
import { err, ok, type Result } from '#std/result.js';
import { decodeNix32, encodeNix32, nix32Length } from './base32.js';
import { decodeBase64, encodeBase64 } from './base64.js';

export type HashAlgorithm = 'sha256' | 'sha512' | 'sha1' | 'md5';

export interface Hash {
  readonly algorithm: HashAlgorithm;
  readonly digest: Uint8Array;
}

export type HashError =
  | { readonly kind: 'unknown-algorithm'; readonly algorithm: string }
  | { readonly kind: 'bad-digest'; readonly algorithm: HashAlgorithm };

/** Digest sizes in bytes. */
export const digestSize: Readonly<Record<HashAlgorithm, number>> = {
  sha256: 32,
  sha512: 64,
  sha1: 20,
  md5: 16,
};

export function isHashAlgorithm(text: string): text is HashAlgorithm {
  return Object.hasOwn(digestSize, text);
}

export function sha256(bytes: Uint8Array): Uint8Array {
  return Uint8Array.from(oneShot('sha256', bytes, 'buffer'));
}

/** Of a byte string: a character (U+0000 to U+00FF) for each byte. */
export function sha256OfByteString(text: string): Uint8Array {
  return oneShot('sha256', Buffer.from(text, 'latin1'), 'buffer');
}

/** The same in lower-case hexadecimal. */
export function sha256HexOfByteString(text: string): string {
  return oneShot('sha256', Buffer.from(text, 'latin1'), 'hex');
}

/** Of a text in UTF-8, in lower-case hexadecimal. */
export function sha256OfUtf8(text: string): string {
  return oneShot('sha256', text, 'hex');
}

/** Hashes what is written to it piece by piece, and counts the bytes. */
export class HashSink {
  readonly #hash: NodeHash;
  #bytesSeen = 0;
  #digest: Uint8Array | undefined;

  constructor(readonly algorithm: HashAlgorithm) {
    this.#hash = createHash(algorithm);
  }

  get bytesSeen(): number {
    return this.#bytesSeen;
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes);
    this.#bytesSeen += bytes.length;
    return this;
  }

  /** May be asked for again; after it nothing more can be written. */
  digest(): Uint8Array {
    this.#digest ??= Uint8Array.from(this.#hash.digest());
    return this.#digest;
  }
}

export function createSha256(): HashSink {
  return new HashSink('sha256');
}

/** `sha256:<nix32>`, the spelling of narinfos. */
export function formatHash(hash: Hash): string {
  return `${hash.algorithm}:${encodeNix32(hash.digest)}`;
}

/** `sha256-<base64>`, the spelling of subresource integrity. */
export function formatSri(hash: Hash): string {
  return `${hash.algorithm}-${encodeBase64(hash.digest)}`;
}

/**
 * Reads `algorithm:<nix32>`, `algorithm:<hex>` or `algorithm-<base64>`; the length tells which.
 */
export function parseHash(text: string): Result<Hash, HashError> {
  const split = /[:-]/.exec(text)?.index ?? text.length;
  const algorithm = text.slice(0, split);
  if (!isHashAlgorithm(algorithm)) {
    return err({ kind: 'unknown-algorithm', algorithm: algorithm.slice(0, 32) });
  }
  const spelt = text.slice(split + 1);
  const digest = text[split] === '-' ? decodeBase64(spelt) : digestFrom(spelt, algorithm);
  return digest?.length === digestSize[algorithm]
    ? ok({ algorithm, digest })
    : err({ kind: 'bad-digest', algorithm });
}

function digestFrom(text: string, algorithm: HashAlgorithm): Uint8Array | undefined {
  if (text.length === digestSize[algorithm] * 2) return fromHex(text);
  if (text.length !== nix32Length(digestSize[algorithm])) return undefined;
  const decoded = decodeNix32(text);
  return decoded.ok ? decoded.value : undefined;
}

/** Lower-case hexadecimal. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Reads hexadecimal of either case; undefined when it is not. */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return Uint8Array.from(Buffer.from(text, 'hex'));
}
