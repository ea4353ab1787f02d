/**
 * Reads the subset of ATerm that derivation files use: literals, quoted byte strings and lists.
 * Refusals inside are thrown as a private class and leave `read` as a Result.
 */
import { err, ok, type Result } from '#std/result.js';

export interface DerivationError {
  readonly kind: 'truncated' | 'unexpected-byte' | 'bad-escape' | 'unordered' | 'trailing-bytes';
  /** In bytes from the beginning of the file. */
  readonly offset: number;
}

class Refusal extends Error {
  constructor(readonly error: DerivationError) {
    super(error.kind);
  }
}

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const bracketOpen = 0x5b;
const bracketClose = 0x5d;
/** Line feed, carriage return and tab stand escaped only. */
const escapeOnly = new Set([0x0a, 0x0d, 0x09]);
const noEscape = 0;
const escapedByte = new Uint8Array(256).fill(noEscape);
for (const [letter, byte] of [
  ['"', 0x22],
  ['\\', 0x5c],
  ['n', 0x0a],
  ['r', 0x0d],
  ['t', 0x09],
] as const) {
  escapedByte[letter.charCodeAt(0)] = byte;
}

export class AtermReader {
  readonly #bytes: Buffer;
  #at = 0;
  #scratch = new Uint8Array(0);

  private constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Runs `body` over all of `bytes`; what is left over is refused. */
  static read<T>(bytes: Uint8Array, body: (reader: AtermReader) => T): Result<T, DerivationError> {
    const reader = new AtermReader(bytes);
    try {
      const value = body(reader);
      if (reader.#at < bytes.length) reader.#refuse('trailing-bytes');
      return ok(value);
    } catch (thrown) {
      if (thrown instanceof Refusal) return err(thrown.error);
      throw thrown;
    }
  }

  literal(text: string): void {
    for (let i = 0; i < text.length; i++) this.#expect(text.charCodeAt(i));
  }

  list<T>(item: (reader: AtermReader) => T): T[] {
    const items: T[] = [];
    this.#expect(bracketOpen);
    if (this.#skip(bracketClose)) return items;
    do items.push(item(this));
    while (this.#skip(comma));
    this.#expect(bracketClose);
    return items;
  }

  /** A list whose keys ascend by bytes, none twice. */
  ascending<T>(item: (reader: AtermReader) => T, keyOf: (item: T) => string): T[] {
    let last: string | undefined;
    return this.list((reader) => {
      const start = this.#at;
      const value = item(reader);
      const key = keyOf(value);
      if (last !== undefined && key <= last) this.#refuse('unordered', start);
      last = key;
      return value;
    });
  }

  string(): string {
    this.#expect(quote);
    const start = this.#at;
    const bytes = this.#bytes;
    for (let at = start; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === quote) {
        this.#at = at + 1;
        return bytes.toString('latin1', start, at);
      }
      if (byte === backslash) return this.#escapedString(start, at);
      if (byte < 0x20 && escapeOnly.has(byte)) this.#refuse('unexpected-byte', at);
    }
    return this.#refuse('truncated', bytes.length);
  }

  /** The string from `start` on, whose first backslash is at `at`. */
  #escapedString(start: number, at: number): string {
    const bytes = this.#bytes;
    const end = this.#closingQuote(at);
    if (this.#scratch.length < end - start) this.#scratch = new Uint8Array((end - start) * 2);
    const scratch = this.#scratch;
    let length = 0;
    for (let i = start; i < end; i++) {
      let byte = bytes[i] ?? 0;
      if (byte === backslash) {
        byte = escapedByte[bytes[++i] ?? 0] ?? noEscape;
        if (byte === noEscape) this.#refuse('bad-escape', i);
      } else if (byte < 0x20 && escapeOnly.has(byte)) this.#refuse('unexpected-byte', i);
      scratch[length++] = byte;
    }
    this.#at = end + 1;
    return Buffer.from(scratch.buffer, 0, length).toString('latin1');
  }

  #closingQuote(from: number): number {
    const bytes = this.#bytes;
    for (let i = from; i < bytes.length; i++) {
      if (bytes[i] === backslash) i++;
      else if (bytes[i] === quote) return i;
    }
    return this.#refuse('truncated', bytes.length);
  }

  #expect(byte: number): void {
    if (!this.#skip(byte))
      this.#refuse(this.#at < this.#bytes.length ? 'unexpected-byte' : 'truncated');
  }

  #skip(byte: number): boolean {
    if (this.#bytes[this.#at] !== byte) return false;
    this.#at++;
    return true;
  }

  #refuse(kind: DerivationError['kind'], offset = this.#at): never {
    throw new Refusal({ kind, offset });
  }
}
