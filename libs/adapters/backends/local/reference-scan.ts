/**
 * Finds the store paths that a stream of bytes refers to, the way Nix does: the 32 characters of a
 * hash part anywhere in the bytes are a reference. Looks from the end of each window backwards, so
 * that most bytes are never looked at; holds back 31 bytes between two pieces.
 */
import { hashPartLength } from '#formats/store-path.js';

const alphabet = '0123456789abcdfghijklmnpqrsvwxyz';
const isLetter = new Uint8Array(256);
for (const letter of alphabet) isLetter[letter.charCodeAt(0)] = 1;

export class ReferenceScanner {
  readonly #wanted: Set<string>;
  readonly #found = new Set<string>();
  #held: Uint8Array = new Uint8Array();

  constructor(hashParts: Iterable<string>) {
    this.#wanted = new Set(hashParts);
  }

  /** The hash parts seen until now. */
  get found(): ReadonlySet<string> {
    return this.#found;
  }

  push(piece: Uint8Array): void {
    if (this.#wanted.size === 0) return;
    const head = piece.subarray(0, hashPartLength - 1);
    if (this.#held.length > 0) this.#scan(Buffer.concat([this.#held, head]));
    this.#scan(piece);
    const kept = piece.length >= hashPartLength - 1 ? piece : Buffer.concat([this.#held, piece]);
    this.#held = Uint8Array.from(kept.subarray(-(hashPartLength - 1)));
  }

  #scan(bytes: Uint8Array): void {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at + hashPartLength <= bytes.length;) {
      const stranger = lastStranger(bytes, at);
      if (stranger >= 0) {
        at = stranger + 1;
        continue;
      }
      const hashPart = text.toString('latin1', at, at + hashPartLength);
      if (this.#wanted.delete(hashPart)) this.#found.add(hashPart);
      at++;
    }
  }
}

/** Where the last byte of the window at `at` lies that no hash part can hold; -1 when none does. */
function lastStranger(bytes: Uint8Array, at: number): number {
  for (let i = at + hashPartLength - 1; i >= at; i--) {
    if (isLetter[bytes[i]!] === 0) return i;
  }
  return -1;
}
