/**
 * Reads Scheme as data, with bounds on depth and number, for files that strangers write. It tells
 * every fault that it can go on after; a missing parenthesis ends the text.
 */
import { type Datum, type Position, prefixes } from './scheme-datum.js';
import { characterOf, escapeAt, hashWord, isDelimiter, scalar, wordOf } from './scheme-tokens.js';

export interface SchemeFault {
  readonly at: Position;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

export interface SchemeText {
  /** What stands at the top level, in order; less than there is when there are faults. */
  readonly data: readonly Datum[];
  /** In the order of the text. */
  readonly faults: readonly SchemeFault[];
}

export interface SchemeLimits {
  /** In UTF-16 units. */
  readonly length: number;
  /** Lists within lists, and prefixes. */
  readonly depth: number;
  readonly data: number;
}

export const defaultSchemeLimits: SchemeLimits = { length: 4 << 20, depth: 200, data: 200_000 };

export function readScheme(text: string, limits: SchemeLimits = defaultSchemeLimits): SchemeText {
  if (text.length > limits.length) {
    const message = `the text is longer than ${limits.length} characters: split it`;
    return { data: [], faults: [{ at: { line: 1, column: 1 }, message }] };
  }
  return new Reader(text, limits).whole();
}

/** Thrown within the reader alone: nothing after it can be read. */
class End extends Error {}

const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']' };
const signs = Object.keys(prefixes).sort((one, other) => other.length - one.length);
const maximumFaults = 100;

class Reader {
  private at = 0;
  private line = 1;
  /** Where the line began, and how many characters of it take two units. */
  private lineStart = 0;
  private wide = 0;
  private seen = 0;
  private readonly faults: SchemeFault[] = [];

  constructor(
    private readonly text: string,
    private readonly limits: SchemeLimits,
  ) {}

  whole(): SchemeText {
    const data: Datum[] = [];
    try {
      for (;;) {
        this.skip(0);
        const character = this.text[this.at];
        if (character === undefined) break;
        const datum = this.datum(0);
        if (datum !== null) data.push(datum);
      }
    } catch (error) {
      if (!(error instanceof End)) throw error;
    }
    return { data, faults: this.faults };
  }

  private get here(): Position {
    return { line: this.line, column: this.at - this.lineStart - this.wide + 1 };
  }

  private fault(at: Position, message: string): null {
    this.faults.push({ at, message });
    if (this.faults.length >= maximumFaults) throw new End();
    return null;
  }

  private end(at: Position, message: string): never {
    this.fault(at, message);
    throw new End();
  }

  private advance(count = 1): void {
    for (let left = count; left > 0; left -= 1) {
      const code = this.text.charCodeAt(this.at);
      this.at += 1;
      if (code === 10) {
        this.line += 1;
        this.lineStart = this.at;
        this.wide = 0;
      } else if (code >= 0xdc00 && code <= 0xdfff) {
        this.wide += 1;
      }
    }
  }

  /** Null: it was faulty, and reading went on behind it. */
  private datum(depth: number): Datum | null {
    const at = this.here;
    this.seen += 1;
    if (depth > this.limits.depth) {
      this.end(at, `more than ${this.limits.depth} lists within one another: write it flatter`);
    }
    if (this.seen > this.limits.data) {
      this.end(at, `more than ${this.limits.data} data: split the file`);
    }
    const character = this.text[this.at] ?? '';
    if (character in closers) return this.list(depth);
    if (character === ')' || character === ']') {
      this.advance();
      return this.fault(
        at,
        `this ${character} closes nothing: remove it, or open a list before it`,
      );
    }
    if (character === '"') return this.string();
    const sign = signs.find((one) => this.text.startsWith(one, this.at));
    if (sign !== undefined) return this.prefixed(sign, depth);
    return character === '#' ? this.hash(depth) : wordOf(this.word(), at);
  }

  private list(depth: number): Datum | null {
    const at = this.here;
    const opener = this.text[this.at] ?? '';
    this.advance();
    const items: Datum[] = [];
    let tail: Datum | undefined;
    for (;;) {
      this.skip(depth);
      const character = this.text[this.at];
      if (character === undefined) {
        this.end(at, `this ${opener} is never closed: write its ${closers[opener]}`);
      }
      if (character === ')' || character === ']') break;
      if (this.isDot()) {
        tail = this.tail(depth) ?? tail;
        continue;
      }
      if (tail !== undefined) {
        this.fault(this.here, 'only one datum stands behind a dot: close the list before this');
      }
      const item = this.datum(depth + 1);
      if (item !== null) items.push(item);
    }
    this.close(at, opener);
    return joined(items, tail, at);
  }

  private close(opened: Position, opener: string): void {
    const closer = this.text[this.at];
    if (closer !== closers[opener]) {
      const where = `${opened.line}:${opened.column}`;
      this.fault(
        this.here,
        `this ${closer} closes the ${opener} of ${where}: write ${closers[opener]}`,
      );
    }
    this.advance();
  }

  private isDot(): boolean {
    return this.text[this.at] === '.' && isDelimiter(this.text[this.at + 1]);
  }

  private tail(depth: number): Datum | null {
    const at = this.here;
    this.advance();
    this.skip(depth);
    const character = this.text[this.at];
    if (character === ')' || character === ']' || character === undefined) {
      return this.fault(at, 'nothing stands behind this dot: write a datum or remove the dot');
    }
    return this.datum(depth + 1);
  }

  private prefixed(sign: string, depth: number): Datum | null {
    const at = this.here;
    this.advance(sign.length);
    this.skip(depth);
    const character = this.text[this.at];
    if (character === undefined || character === ')' || character === ']') {
      return this.fault(at, `nothing stands behind this ${sign}: write a datum or remove it`);
    }
    const name = prefixes[sign as keyof typeof prefixes];
    const datum = this.datum(depth + 1);
    const head: Datum = { kind: 'symbol', name, at };
    return datum === null ? null : { kind: 'list', items: [head, datum], at };
  }

  private string(): Datum | null {
    const at = this.here;
    this.advance();
    let value = '';
    for (;;) {
      const character = this.text[this.at];
      if (character === undefined) this.end(at, 'this string is never closed: write its "');
      if (character === '"') break;
      if (character === '\\') {
        value += this.escaped();
      } else {
        value += character;
        this.advance();
      }
    }
    this.advance();
    return { kind: 'string', value: value.toWellFormed(), at };
  }

  private escaped(): string {
    const at = this.here;
    const escape = escapeAt(this.text, this.at + 1);
    if (escape === null) {
      const shown = this.text.slice(this.at, this.at + 2);
      this.fault(at, `${shown} is no escape of Guile's: write \\\\ for a backslash`);
    }
    this.advance(escape === null ? 1 : 1 + escape.length);
    return escape?.text ?? '';
  }

  private hash(depth: number): Datum | null {
    const at = this.here;
    const next = this.text[this.at + 1];
    if (next === '(') {
      this.advance();
      const items = this.list(depth);
      return items?.kind === 'list' ? { kind: 'vector', items: items.items, at } : null;
    }
    if (next === ':') return this.keyword(at, depth);
    if (next === '{') return this.extendedSymbol(at);
    if (next === '\\') return this.character(at);
    this.advance();
    const word = this.word();
    return hashWord(word, at) ?? this.fault(at, `#${word} is no datum: write strings or symbols`);
  }

  private keyword(at: Position, depth: number): Datum | null {
    this.advance(2);
    this.skip(depth);
    const name = this.text[this.at] === '#' ? this.datum(depth + 1) : wordOf(this.word(), at);
    const named = name?.kind === 'symbol' && name.name !== '';
    if (!named) return this.fault(at, 'no name stands behind this #: as in #:name');
    return { kind: 'keyword', name: name.name, at };
  }

  /** `#{any characters}#`, with `\xHH;` for those that cannot stand there. */
  private extendedSymbol(at: Position): Datum | null {
    const end = this.text.indexOf('}#', this.at + 2);
    if (end < 0) this.end(at, 'this symbol is never closed: write its }#');
    const raw = this.text.slice(this.at + 2, end);
    this.advance(end + 2 - this.at);
    const name = raw.replace(/\\x([0-9a-f]{1,6});/gi, (_, code: string) => {
      return scalar(Number.parseInt(code, 16)) ?? '\ufffd';
    });
    return { kind: 'symbol', name, at };
  }

  private character(at: Position): Datum | null {
    this.advance(2);
    const first = String.fromCodePoint(this.text.codePointAt(this.at) ?? 0x20);
    this.advance(first.length);
    const name = first + (isDelimiter(first) ? '' : this.word());
    const value = characterOf(name);
    if (value === null) return this.fault(at, `#\\${name} is no character: write it as a string`);
    return { kind: 'character', value, at };
  }

  private word(): string {
    const from = this.at;
    while (!isDelimiter(this.text[this.at])) this.advance();
    return this.text.slice(from, this.at);
  }

  /** White space and comments: to the end of the line, `#|…|#` nested, `#!…!#`, `#;DATUM`. */
  private skip(depth: number): void {
    for (;;) {
      const character = this.text[this.at];
      const two = this.text.slice(this.at, this.at + 2);
      if (character === undefined) return;
      if (/\s/.test(character)) this.advance();
      else if (character === ';') this.skipLine();
      else if (two === '#|') this.skipNested();
      else if (two === '#!') this.skipShebang();
      else if (two === '#;') this.skipDatum(depth);
      else return;
    }
  }

  private skipLine(): void {
    const end = this.text.indexOf('\n', this.at);
    this.advance((end < 0 ? this.text.length : end) - this.at);
  }

  private skipNested(): void {
    const at = this.here;
    let open = 0;
    do {
      const two = this.text.slice(this.at, this.at + 2);
      if (two === '') this.end(at, 'this comment is never closed: write its |#');
      if (two === '#|') open += 1;
      if (two === '|#') open -= 1;
      this.advance(two === '#|' || two === '|#' ? 2 : 1);
    } while (open > 0);
  }

  private skipShebang(): void {
    const at = this.here;
    const end = this.text.indexOf('!#', this.at + 2);
    if (end < 0) this.end(at, 'this comment is never closed: write its !#');
    this.advance(end + 2 - this.at);
  }

  private skipDatum(depth: number): void {
    const at = this.here;
    if (depth > this.limits.depth) this.end(at, 'too many #; within one another: remove some');
    this.advance(2);
    this.skip(depth + 1);
    const character = this.text[this.at];
    if (character === undefined || character === ')' || character === ']') {
      this.fault(at, 'nothing stands behind this #; that it could take out: remove it');
      return;
    }
    this.datum(depth + 1);
  }
}

/** `(a . (b c))` is `(a b c)`. */
function joined(items: readonly Datum[], tail: Datum | undefined, at: Position): Datum {
  if (tail === undefined) return { kind: 'list', items, at };
  if (tail.kind !== 'list') return items.length === 0 ? tail : { kind: 'list', items, tail, at };
  const all = [...items, ...tail.items];
  return tail.tail === undefined
    ? { kind: 'list', items: all, at }
    : { kind: 'list', items: all, tail: tail.tail, at };
}
