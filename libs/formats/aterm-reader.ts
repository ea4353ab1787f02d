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

const comma = 0x2c;
const bracketOpen = 0x5b;
const bracketClose = 0x5d;
const escaped: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  n: '\n',
  r: '\r',
  t: '\t',
};

export class AtermReader {
  readonly #text: string;
  #at = 0;
  /** The first backslash from where we are on, or the end; found once for each. */
  #backslash = -1;
  /** The first line feed, carriage return or tab, or the end: they stand escaped only. */
  readonly #raw: number;

  private constructor(bytes: Uint8Array) {
    // One string of all bytes: its slices cost a fifth of what decoding each of them does.
    this.#text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
    this.#raw = endless(this.#text.search(/[\n\r\t]/), this.#text);
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
    if (this.skipText(text)) return;
    for (let i = 0; i < text.length; i++) this.#expect(text.charCodeAt(i));
  }

  /** Goes past the text where it stands next; answers whether it does. */
  skipText(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
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

  /** Without escapes it is a slice, which keeps the whole file's text alive. */
  string(): string {
    this.literal('"');
    const start = this.#at;
    const text = this.#text;
    const end = endless(text.indexOf('"', start), text);
    if (this.#backslash < start) this.#backslash = endless(text.indexOf('\\', start), text);
    const backslash = this.#backslash;
    if (this.#raw < Math.min(end, backslash)) this.#refuse('unexpected-byte', this.#raw);
    if (backslash < end) return this.#escapedString(start, backslash);
    if (end === text.length) this.#refuse('truncated', end);
    this.#at = end + 1;
    return text.slice(start, end);
  }

  /** The string from `start` on, whose first backslash is at `at`. */
  #escapedString(start: number, at: number): string {
    const end = this.#closingQuote(at);
    this.#at = end + 1;
    const body = this.#text.slice(start, end);
    if (this.#raw >= end && !body.includes('\\\\')) {
      const plain = body.replaceAll('\\n', '\n').replaceAll('\\"', '"').replaceAll('\\t', '\t');
      if (!plain.includes('\\')) return plain;
    }
    return this.#decode(body, start);
  }

  /** Any escapes; `start` is where the body stands. */
  #decode(body: string, start: number): string {
    return body.replace(
      /\\([^])|[\n\r\t]/g,
      (_found, letter: string | undefined, offset: number) => {
        if (letter === undefined) this.#refuse('unexpected-byte', start + offset);
        return escaped[letter] ?? this.#refuse('bad-escape', start + offset + 1);
      },
    );
  }

  /** Looks at each byte once, however many escapes there are. */
  #closingQuote(backslash: number): number {
    const text = this.#text;
    let quote = -1;
    for (let escape = backslash; ;) {
      const from = escape + 2;
      if (quote < from) quote = endless(text.indexOf('"', from), text);
      if (quote === text.length) return this.#refuse('truncated', text.length);
      escape = endless(text.indexOf('\\', from), text);
      if (quote < escape) return quote;
    }
  }

  #expect(byte: number): void {
    if (!this.#skip(byte)) {
      this.#refuse(this.#at < this.#text.length ? 'unexpected-byte' : 'truncated');
    }
  }

  #skip(byte: number): boolean {
    if (this.#text.charCodeAt(this.#at) !== byte) return false;
    this.#at++;
    return true;
  }

  #refuse(kind: DerivationError['kind'], offset = this.#at): never {
    throw new Refusal({ kind, offset });
  }
}

/** The end where an index says that nothing was found. */
function endless(index: number, text: string): number {
  return index === -1 ? text.length : index;
}
