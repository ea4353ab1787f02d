/**
 * S-expressions (Rivest, draft-rivest-sexp): the form in which libgcrypt, and so Guix, writes keys,
 * signatures and access lists. Atoms are bytes. Printed in the canonical form, or in the indented
 * layout of libgcrypt's advanced form, which Guix signs and sends.
 */
import { isTokenByte } from './sexp-parser.js';

export { defaultSexpLimits, parseSexp, type SexpError, type SexpLimits } from './sexp-parser.js';

export type Sexp = Uint8Array | readonly Sexp[];

export function isList(sexp: Sexp | undefined): sexp is readonly Sexp[] {
  return Array.isArray(sexp);
}

export function isAtom(sexp: Sexp | undefined): sexp is Uint8Array {
  return sexp !== undefined && !Array.isArray(sexp);
}

/** An atom of text. */
export function atom(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The text of an atom, a character for each byte; undefined for a list. */
export function textOfAtom(sexp: Sexp | undefined): string | undefined {
  return isAtom(sexp) ? Buffer.from(sexp).toString('latin1') : undefined;
}

/** The name of a list: its first atom. */
export function nameOf(sexp: Sexp | undefined): string | undefined {
  return isList(sexp) ? textOfAtom(sexp[0]) : undefined;
}

/** The first list of that name right below a list. */
export function member(sexp: Sexp | undefined, name: string): readonly Sexp[] | undefined {
  if (!isList(sexp)) return undefined;
  return sexp.find((item): item is readonly Sexp[] => nameOf(item) === name);
}

/** `LENGTH:BYTES` and parentheses, with nothing between. */
export function printCanonical(sexp: Sexp): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (const piece of piecesOf(sexp)) {
    if (typeof piece === 'string') pieces.push(atom(piece));
    else pieces.push(atom(`${piece.length}:`), piece);
  }
  return Uint8Array.from(Buffer.concat(pieces));
}

/**
 * libgcrypt's layout: a list begins on a line of its own, indented by its depth, and what follows a
 * closed list begins on the next line. A character stands for a byte.
 */
export function printAdvanced(sexp: Sexp): string {
  let text = '';
  let depth = 0;
  let before: 'nothing' | 'open' | 'close' | 'atom' = 'nothing';
  const newLine = (): string => `\n${' '.repeat(depth)}`;
  for (const piece of piecesOf(sexp)) {
    const opens = piece === '(';
    if (before === 'close' && !opens) text += newLine();
    if (before === 'atom' && piece !== ')') text += ' ';
    if (opens) {
      text += depth > 0 ? `${newLine()}(` : '(';
      depth += 1;
    } else if (piece === ')') {
      text += ')';
      depth -= 1;
    } else {
      text += printAtom(piece as Uint8Array);
    }
    before = opens ? 'open' : piece === ')' ? 'close' : 'atom';
  }
  return `${text}\n`;
}

type Piece = '(' | ')' | Uint8Array;

/** Without recursion, since what was parsed may be deep. */
function* piecesOf(sexp: Sexp): Generator<Piece> {
  const waiting: (Piece | Sexp)[] = [sexp];
  for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
    if (typeof item === 'string' || isAtom(item)) {
      yield item;
      continue;
    }
    yield '(';
    waiting.push(')');
    for (let i = item.length - 1; i >= 0; i -= 1) waiting.push(item[i]!);
  }
}

/** A token where it can be one, else a string where it is text, else hexadecimal. */
export function printAtom(bytes: Uint8Array): string {
  const [first] = bytes;
  if (first === undefined) return '""';
  const text = Buffer.from(bytes).toString('latin1');
  if (first >= 0x80 || !isText(text))
    return `#${Buffer.from(bytes).toString('hex').toUpperCase()}#`;
  const startsWithDigit = first >= 0x30 && first <= 0x39;
  return !startsWithDigit && bytes.every(isTokenByte) ? text : `"${escaped(text)}"`;
}

function isText(text: string): boolean {
  return /^[\b\t\n\v\f\r\x20-\x7e\xa1-\xff]*$/.test(text);
}

const escapeOf: Readonly<Record<string, string>> = {
  ...{ '\b': '\\b', '\t': '\\t', '\n': '\\n', '\v': '\\v', '\f': '\\f', '\r': '\\r' },
  ...{ '"': '\\"', "'": "\\'", '\\': '\\\\' },
};

function escaped(text: string): string {
  return text.replace(/[\b\t\n\v\f\r"'\\]/g, (character) => escapeOf[character] ?? character);
}
