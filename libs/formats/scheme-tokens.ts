/**
 * The words of Scheme as Guile 3 reads them with its default options: atoms, strings' escapes,
 * what ends a symbol. Facts from Guile's manual ("Data Types", "Scheme Read") and its `read`.
 */
import { type Datum, type Position } from './scheme-datum.js';

/** Ends a symbol or a number; quotes and commas do not. */
export function isDelimiter(character: string | undefined): boolean {
  return character === undefined || /[\s()[\]";]/.test(character);
}

const integer = /^[+-]?\d+$/;
const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;
const fraction = /^([+-]?\d+)\/(\d+)$/;

/** A word without any `#` before it: a number when it looks like one, or else a symbol. */
export function wordOf(text: string, at: Position): Datum {
  if (integer.test(text) || decimal.test(text)) {
    return { kind: 'number', value: Number(text), text, at };
  }
  const parts = fraction.exec(text);
  if (parts && Number(parts[2]) !== 0) {
    return { kind: 'number', value: Number(parts[1]) / Number(parts[2]), text, at };
  }
  return { kind: 'symbol', name: text, at };
}

const radixes: Readonly<Record<string, { radix: number; digits: RegExp }>> = {
  b: { radix: 2, digits: /^[+-]?[01]+$/ },
  o: { radix: 8, digits: /^[+-]?[0-7]+$/ },
  d: { radix: 10, digits: integer },
  x: { radix: 16, digits: /^[+-]?[0-9a-f]+$/i },
};

/** What follows a `#` up to the delimiter: a boolean or a number; null: neither. */
export function hashWord(word: string, at: Position): Datum | null {
  if (word === 't' || word === 'true') return { kind: 'boolean', value: true, at };
  if (word === 'f' || word === 'false') return { kind: 'boolean', value: false, at };
  const base = radixes[word.charAt(0).toLowerCase()];
  const digits = word.slice(1);
  if (!base?.digits.test(digits)) return null;
  const value = Number.parseInt(digits, base.radix);
  return { kind: 'number', value, text: base.radix === 10 ? digits : `#${word}`, at };
}

const characterNames: Readonly<Record<string, string>> = {
  ...{ space: ' ', newline: '\n', linefeed: '\n', nl: '\n', tab: '\t', ht: '\t' },
  ...{ return: '\r', cr: '\r', nul: '\0', null: '\0', alarm: '\x07', backspace: '\b' },
  ...{ delete: '\x7f', rubout: '\x7f', escape: '\x1b', esc: '\x1b', altmode: '\x1b' },
};

/** The character that `#\NAME` means; null: none that we know. */
export function characterOf(name: string): string | null {
  if ([...name].length === 1) return name;
  if (Object.hasOwn(characterNames, name)) return characterNames[name] ?? null;
  const code = /^x([0-9a-f]{1,6})$/i.exec(name)?.[1];
  return code === undefined ? null : scalar(Number.parseInt(code, 16));
}

/** How `#\…` names a character. */
export function characterName(character: string): string {
  const named = Object.keys(characterNames).find((name) => characterNames[name] === character);
  const code = character.codePointAt(0) ?? 0;
  return named ?? (code < 0x21 || code === 0x7f ? `x${code.toString(16)}` : character);
}

/** The character of a code; null: no Unicode scalar value. */
export function scalar(code: number): string | null {
  const good = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
  return good ? String.fromCodePoint(code) : null;
}

const escapes: Readonly<Record<string, string>> = {
  ...{ '\\': '\\', '"': '"', '|': '|', '(': '(', '\n': '', '0': '\0' },
  ...{ a: '\x07', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', b: '\b' },
};

/**
 * What follows a backslash within a string: the text that it stands for, and how many UTF-16 units
 * it took; null: no such escape. `\xHH` has two digits, `\uHHHH` four, `\UHHHHHH` six.
 */
export function escapeAt(text: string, from: number): { text: string; length: number } | null {
  const simple = text.charAt(from);
  if (Object.hasOwn(escapes, simple)) return { text: escapes[simple] ?? '', length: 1 };
  const rest = text.slice(from, from + 7);
  const coded = /^(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{6}))/.exec(rest);
  if (!coded) return null;
  const digits = coded[1] ?? coded[2] ?? coded[3] ?? '';
  const character = scalar(Number.parseInt(digits, 16));
  return character === null ? null : { text: character, length: coded[0].length };
}
