/**
 * Prints data so that Guile reads the same, laid out as people lay it out: what fits stands on one
 * line; a form's arguments stand below each other, and those of a call are aligned.
 */
import { type Datum, prefixes, type SchemeList } from './scheme-datum.js';
import { characterName, wordOf } from './scheme-tokens.js';

const signs = new Map<string, string>(
  Object.entries(prefixes).map(([sign, name]): [string, string] => [name, sign]),
);

/** `width` is how long a line is to be at most, where that can be helped. */
export function printScheme(datum: Datum, width = 80): string {
  return print(datum, { column: 0, width });
}

interface Space {
  /** Where the datum begins, from 0. */
  readonly column: number;
  readonly width: number;
}

function print(datum: Datum, space: Space): string {
  const line = flat(datum);
  if (space.column + line.length <= space.width) return line;
  if (datum.kind === 'vector') return `#${block(datum.items, moved(space, 1))}`;
  if (datum.kind !== 'list' || datum.tail !== undefined) return line;
  const sign = signOf(datum);
  if (sign !== null && datum.items[1]) {
    return sign + print(datum.items[1], moved(space, sign.length));
  }
  return call(datum, space) ?? block(datum.items, space);
}

/** Data below each other, aligned behind the parenthesis. */
function block(items: readonly Datum[], space: Space): string {
  const inner = moved(space, 1);
  return `(${items.map((item) => print(item, inner)).join(newline(inner))})`;
}

/** `(HEAD ARGUMENT…)`; null: data without a head. */
function call(datum: SchemeList, space: Space): string | null {
  const [head, ...items] = datum.items;
  if (head?.kind !== 'symbol' || items.length === 0) return null;
  const name = symbolText(head.name);
  const aligned = /^(list|cons\*?|append)$/.test(name);
  const inner = moved(space, aligned ? name.length + 2 : 2);
  const printed = items.map((item) => print(item, inner)).join(newline(inner));
  return aligned ? `(${name} ${printed})` : `(${name}${newline(inner)}${printed})`;
}

function moved(space: Space, by: number): Space {
  return { ...space, column: space.column + by };
}

function newline({ column }: Space): string {
  return `\n${' '.repeat(column)}`;
}

function flat(datum: Datum): string {
  switch (datum.kind) {
    case 'symbol':
      return symbolText(datum.name);
    case 'keyword':
      return `#:${symbolText(datum.name)}`;
    case 'string':
      return stringText(datum.value);
    case 'number':
      return datum.text;
    case 'boolean':
      return datum.value ? '#t' : '#f';
    case 'character':
      return `#\\${characterName(datum.value)}`;
    case 'vector':
      return `#(${datum.items.map(flat).join(' ')})`;
    case 'list':
      return flatList(datum);
  }
}

function flatList(datum: SchemeList): string {
  const sign = signOf(datum);
  if (sign !== null && datum.items[1]) return sign + flat(datum.items[1]);
  const tail = datum.tail === undefined ? '' : ` . ${flat(datum.tail)}`;
  return `(${datum.items.map(flat).join(' ')}${tail})`;
}

function signOf(datum: SchemeList): string | null {
  const [head, only] = datum.items;
  const alone = datum.items.length === 2 && datum.tail === undefined;
  if (!alone || head?.kind !== 'symbol') return null;
  const sign = signs.get(head.name) ?? null;
  // `,@x` would be read as splicing.
  const at = only?.kind === 'symbol' && only.name.startsWith('@');
  return at && sign !== null && /[,$+]$/.test(sign) ? null : sign;
}

const shortEscapes: Readonly<Record<string, string>> = {
  ...{ '"': '\\"', '\\': '\\\\', '\n': '\\n', '\t': '\\t', '\r': '\\r' },
  ...{ '\x07': '\\a', '\b': '\\b', '\v': '\\v', '\f': '\\f' },
};

function stringText(value: string): string {
  // Controls, and the ends of lines that are no line feeds, are not seen when printed as they are.
  const escaped = value.toWellFormed().replace(/["\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const short = shortEscapes[character];
    if (short !== undefined) return short;
    if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
    if (code <= 0xffff) return `\\u${code.toString(16).padStart(4, '0')}`;
    return `\\U${code.toString(16).padStart(6, '0')}`;
  });
  return `"${escaped}"`;
}

function symbolText(name: string): string {
  const plain =
    /^[^\s()[\]{}"';#`,|\\.\p{Cc}\p{Cf}][^\s()[\]{}"';`,|\\\p{Cc}\p{Cf}]*$|^\.{3}$/u.test(name) &&
    wordOf(name, { line: 0, column: 0 }).kind === 'symbol';
  // Guile reads words such as +i and 1e400 as numbers: what begins as one is told apart.
  if (plain && !/^[+-]?\.?\d|^[+-](i|inf|nan)/i.test(name)) return name;
  const escaped = name.toWellFormed().replace(/[{}\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\x${(character.codePointAt(0) ?? 0).toString(16)};`;
  });
  return `#{${escaped}}#`;
}
