/**
 * Reads s-expressions from strangers: of the canonical form (`3:key`) and of the advanced form as
 * libgcrypt writes it (tokens, "strings", #hexadecimal#), which may be mixed. It keeps no stack of
 * calls, so that depth costs memory alone, and that is bounded.
 */
import { err, ok, type Result } from '#std/result.js';
import type { Sexp } from './sexp.js';

export interface SexpError {
  readonly kind:
    | 'empty'
    | 'unclosed'
    | 'unopened'
    | 'trailing'
    | 'bad-character'
    | 'bad-length'
    | 'bad-hexadecimal'
    | 'bad-string'
    | 'too-deep'
    | 'too-many'
    | 'too-long';
  /** In bytes from the beginning. */
  readonly offset: number;
}

export interface SexpLimits {
  readonly bytes: number;
  readonly depth: number;
  /** Atoms and lists in all: an empty atom is two bytes of text, and a hundred in memory. */
  readonly items: number;
}

/** An access list of a thousand keys is 200 kB; keys and signatures are five lists deep. */
export const defaultSexpLimits: SexpLimits = { bytes: 1 << 20, depth: 32, items: 40_000 };

const open = 0x28;
const close = 0x29;
const quote = 0x22;
const hash = 0x23;
const backslash = 0x5c;
const colon = 0x3a;
const escapes: Readonly<Record<string, number>> = {
  ...{ b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 },
  ...{ '"': quote, "'": 0x27, '\\': backslash },
};

/** Reads one expression, with nothing but white space around it. */
export function parseSexp(
  bytes: Uint8Array,
  limits: SexpLimits = defaultSexpLimits,
): Result<Sexp, SexpError> {
  if (bytes.length > limits.bytes) return err({ kind: 'too-long', offset: limits.bytes });
  try {
    return ok(new Parser(bytes, limits).whole());
  } catch (error) {
    if (error instanceof Refused) return err({ kind: error.kind, offset: error.offset });
    throw error;
  }
}

class Refused extends Error {
  constructor(
    readonly kind: SexpError['kind'],
    readonly offset: number,
  ) {
    super(kind);
  }
}

class Parser {
  private at = 0;
  private items = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly limits: SexpLimits,
  ) {}

  whole(): Sexp {
    this.skipSpace();
    if (this.at === this.bytes.length) throw new Refused('empty', this.at);
    const sexp = this.expression();
    this.skipSpace();
    if (this.at < this.bytes.length) throw new Refused('trailing', this.at);
    return sexp;
  }

  private expression(): Sexp {
    const lists: Sexp[][] = [];
    for (;;) {
      this.skipSpace();
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new Refused('unclosed', this.at);
      this.items += byte === close ? 0 : 1;
      if (this.items > this.limits.items) throw new Refused('too-many', this.at);
      if (byte === open) {
        if (lists.length === this.limits.depth) throw new Refused('too-deep', this.at);
        lists.push([]);
        this.at += 1;
        continue;
      }
      const done = byte === close ? this.closed(lists) : this.atom(byte);
      const list = lists.at(-1);
      if (!list) return done;
      list.push(done);
    }
  }

  private closed(lists: Sexp[][]): Sexp {
    const list = lists.pop();
    if (!list) throw new Refused('unopened', this.at);
    this.at += 1;
    return list;
  }

  private atom(byte: number): Uint8Array {
    if (byte === quote) return this.string();
    if (byte === hash) return this.hexadecimal();
    if (isDigit(byte)) return this.counted();
    const from = this.at;
    while (isTokenByte(this.bytes[this.at])) this.at += 1;
    if (this.at === from) throw new Refused('bad-character', from);
    return this.bytes.slice(from, this.at);
  }

  /** `LENGTH:BYTES`; a length has no leading zero, but may be zero. */
  private counted(): Uint8Array {
    const from = this.at;
    let length = 0;
    for (let byte = this.bytes[this.at]; isDigit(byte); byte = this.bytes[this.at]) {
      if (this.at > from && length === 0) throw new Refused('bad-length', from);
      length = length * 10 + byte - 0x30;
      if (length > this.bytes.length) throw new Refused('bad-length', from);
      this.at += 1;
    }
    const begin = this.at + 1;
    const past = this.bytes[this.at] !== colon || begin + length > this.bytes.length;
    if (past) throw new Refused('bad-length', from);
    this.at = begin + length;
    return this.bytes.slice(begin, this.at);
  }

  private hexadecimal(): Uint8Array {
    const from = this.at;
    const end = this.bytes.indexOf(hash, from + 1);
    if (end < 0) throw new Refused('bad-hexadecimal', from);
    const text = Buffer.from(this.bytes.subarray(from + 1, end)).toString('latin1');
    const digits = text.replace(/[ \t\n\v\f\r]+/g, '');
    const good = digits.length % 2 === 0 && /^[0-9a-fA-F]*$/.test(digits);
    if (!good) throw new Refused('bad-hexadecimal', from);
    this.at = end + 1;
    return Uint8Array.from(Buffer.from(digits, 'hex'));
  }

  private string(): Uint8Array {
    const from = this.at;
    const contents: number[] = [];
    this.at += 1;
    for (;;) {
      const byte = this.bytes[this.at];
      if (byte === undefined) throw new Refused('bad-string', from);
      this.at += 1;
      if (byte === quote) return Uint8Array.from(contents);
      contents.push(byte === backslash ? this.escaped() : byte);
    }
  }

  private escaped(): number {
    const from = this.at - 1;
    const rest = Buffer.from(this.bytes.subarray(this.at, this.at + 3)).toString('latin1');
    const numbered = /^(?:x([0-9a-fA-F]{2})|([0-3][0-7]{2}))/.exec(rest);
    const [whole = rest.slice(0, 1), hexadecimal, octal] = numbered ?? [];
    this.at += whole.length;
    if (hexadecimal !== undefined) return Number.parseInt(hexadecimal, 16);
    if (octal !== undefined) return Number.parseInt(octal, 8);
    const byte = Object.hasOwn(escapes, whole) ? escapes[whole] : undefined;
    if (byte === undefined) throw new Refused('bad-string', from);
    return byte;
  }

  private skipSpace(): void {
    while (isSpace(this.bytes[this.at])) this.at += 1;
  }
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 9 && byte <= 13);
}

function isDigit(byte: number | undefined): byte is number {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

const tokenBytes = new Set(
  Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-./_:*+='),
);

/** What a token may hold; it does not begin with a digit. */
export function isTokenByte(byte: number | undefined): boolean {
  return byte !== undefined && tokenBytes.has(byte);
}
