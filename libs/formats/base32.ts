/**
 * The base 32 of Nix and Guix ("nix32"): its own alphabet without e, o, t and u, digits from the
 * least significant five bits of the last byte upwards, no padding.
 */
import { err, ok, type Result } from '#std/result.js';

export const nix32Alphabet = '0123456789abcdfghijklmnpqrsvwxyz';

export type Base32Error =
  | { readonly kind: 'bad-character'; readonly offset: number }
  | { readonly kind: 'bad-length'; readonly length: number }
  | { readonly kind: 'trailing-bits' };

const noDigit = 255;
const valueOf = new Uint8Array(128).fill(noDigit);
for (let i = 0; i < nix32Alphabet.length; i++) valueOf[nix32Alphabet.charCodeAt(i)] = i;

/** The number of characters that `bytes` bytes take. */
export function nix32Length(bytes: number): number {
  return Math.ceil((bytes * 8) / 5);
}

export function encodeNix32(bytes: Uint8Array): string {
  let text = '';
  for (let i = nix32Length(bytes.length) - 1; i >= 0; i--) {
    const bit = i * 5;
    const at = bit >> 3;
    const shift = bit & 7;
    const low = (bytes[at] ?? 0) >> shift;
    const high = (bytes[at + 1] ?? 0) << (8 - shift);
    text += nix32Alphabet[(low | high) & 31];
  }
  return text;
}

/**
 * Refuses characters beyond the alphabet, impossible lengths, and bits set beyond the last byte.
 */
export function decodeNix32(text: string): Result<Uint8Array, Base32Error> {
  const size = Math.floor((text.length * 5) / 8);
  if (nix32Length(size) !== text.length) return err({ kind: 'bad-length', length: text.length });
  const bytes = new Uint8Array(size);
  for (let n = 0; n < text.length; n++) {
    const offset = text.length - 1 - n;
    const digit = valueOf[text.charCodeAt(offset)] ?? noDigit;
    if (digit === noDigit) return err({ kind: 'bad-character', offset });
    const bit = n * 5;
    const at = bit >> 3;
    const shift = bit & 7;
    bytes[at] = (bytes[at] ?? 0) | (digit << shift);
    const carry = digit >> (8 - shift);
    if (at + 1 < size) bytes[at + 1] = carry;
    else if (carry !== 0) return err({ kind: 'trailing-bits' });
  }
  return ok(bytes);
}

/** Whether `text` is made of the alphabet's characters only. */
export function isNix32(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if ((valueOf[text.charCodeAt(i)] ?? noDigit) === noDigit) return false;
  }
  return true;
}
