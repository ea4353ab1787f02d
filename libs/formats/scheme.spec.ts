import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  boolean,
  type Datum,
  form,
  keyword,
  list,
  nowhere,
  number,
  printScheme,
  quoted,
  readScheme,
  string,
  symbol,
} from './scheme.js';

function read(text: string): Datum {
  const { data, faults } = readScheme(text);
  expect(faults).toEqual([]);
  expect(data).toHaveLength(1);
  return unplaced(data[0]!);
}

/** As if it had been made here. */
function unplaced(datum: Datum): Datum {
  const at = nowhere;
  if (datum.kind === 'vector') return { ...datum, items: datum.items.map(unplaced), at };
  if (datum.kind !== 'list') return { ...datum, at };
  const tail = datum.tail === undefined ? {} : { tail: unplaced(datum.tail) };
  return { ...datum, items: datum.items.map(unplaced), ...tail, at };
}

function faults(text: string): string[] {
  return readScheme(text).faults.map(({ at, message }) => `${at.line}:${at.column}: ${message}`);
}

const name = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 6 }),
  fc.constantFrom('...', '.', '1', '+', '-1a', '@x', 'a|b', '#a', "a'b", 'quote', 'unquote', ''),
);
const atom: fc.Arbitrary<Datum> = fc.oneof(
  name.map((text) => symbol(text)),
  name.filter((text) => text !== '').map((text) => keyword(text)),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => string(text)),
  fc.integer().map((value) => number(value)),
  fc.boolean().map((value) => boolean(value)),
  fc
    .string({ unit: 'binary', minLength: 1, maxLength: 1 })
    .filter((text) => !/[()[\]";\s]/.test(text))
    .map((value): Datum => ({ kind: 'character', value, at: nowhere })),
);
const { tree } = fc.letrec<{ tree: Datum }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 5 },
    atom,
    fc.array(tie('tree'), { maxLength: 5 }).map((items) => list(items)),
    fc
      .tuple(fc.constantFrom('quote', 'unquote', 'gexp', 'ungexp', 'list', 'f'), tie('tree'))
      .map(([head, datum]) => form(head, datum)),
    fc
      .tuple(fc.array(tie('tree'), { minLength: 1, maxLength: 3 }), atom)
      .map(([items, tail]): Datum => ({ ...list(items), tail })),
    fc
      .array(tie('tree'), { maxLength: 3 })
      .map((items): Datum => ({ kind: 'vector', items, at: nowhere })),
  ),
}));

describe('Scheme as data', () => {
  it('comes out of every print as it went in, whatever the width', () => {
    fc.assert(
      fc.property(tree, fc.constantFrom(1, 20, 80), (datum, width) => {
        expect(read(printScheme(datum, width))).toEqual(datum);
      }),
      { numRuns: 300 },
    );
  });

  it('knows where each datum stood, counting characters', () => {
    const { data } = readScheme('; 😀\n("😀" a #|x\n|# (b\n\t#~c))');
    const places: string[] = [];
    const walk = (datum: Datum): void => {
      places.push(`${datum.kind} ${datum.at.line}:${datum.at.column}`);
      if (datum.kind === 'list') datum.items.forEach(walk);
    };
    data.forEach(walk);
    expect(places).toEqual([
      ...['list 2:1', 'string 2:2', 'symbol 2:6', 'list 3:4', 'symbol 3:5'],
      ...['list 4:2', 'symbol 4:2', 'symbol 4:4'],
    ]);
  });

  it("has Guile's comments and prefixes", () => {
    const text = '#!/usr/bin/guile -s\n!#\n`(a ;b\n #;(c "d") #|e #|f|# g|# ,h ,@i . [#$j #:k])';
    expect(printScheme(read(text))).toBe('`(a ,h ,@i #$j #:k)');
  });

  it("has Guile's escapes", () => {
    const text = String.raw`"\\\"\|\(\n\a\f\r\t\v\b\0\x41\u00e9\U01F600` + '\\\n  b"';
    expect(read(text)).toEqual(string('\\"|(\n\x07\f\r\t\v\b\0Aé😀  b'));
    expect(printScheme(read(text))).toBe(String.raw`"\\\"|(\n\a\f\r\t\v\b\x00Aé😀  b"`);
  });

  it('tells numbers from symbols', () => {
    const kinds = ['1', '-1.5e3', '.5', '1/2', '#xff', '1+', '-', '...', '1a', 'a.b', '+a'];
    expect(kinds.map((text) => read(text).kind)).toEqual([
      ...['number', 'number', 'number', 'number', 'number'],
      ...['symbol', 'symbol', 'symbol', 'symbol', 'symbol', 'symbol'],
    ]);
    expect(read('#xff')).toMatchObject({ value: 255 });
  });

  it('lays forms and calls out as people do', () => {
    const datum = form('list', form('channel', form('name', quoted(symbol('guix')))), string('b'));
    expect(printScheme(datum, 20)).toBe('(list (channel\n        (name \'guix))\n      "b")');
  });

  it('tells all faults that reading can go on after', () => {
    expect(faults('(a #z "\\q" (b] . )\n)) (c . d e)')).toEqual([
      '1:4: #z is no datum: write strings or symbols',
      "1:8: \\q is no escape of Guile's: write \\\\ for a backslash",
      '1:14: this ] closes the ( of 1:12: write )',
      '1:16: nothing stands behind this dot: write a datum or remove the dot',
      '2:1: this ) closes nothing: remove it, or open a list before it',
      '2:2: this ) closes nothing: remove it, or open a list before it',
      '2:11: only one datum stands behind a dot: close the list before this',
    ]);
    expect(faults('(a\n (b "c')).toEqual(['2:5: this string is never closed: write its "']);
    expect(faults('(a\n (b')).toEqual(['2:2: this ( is never closed: write its )']);
    expect(faults('#|a #|b|#')).toEqual(['1:1: this comment is never closed: write its |#']);
  });

  it('is bounded in depth, number and length', () => {
    expect(faults('('.repeat(100_000))[0]).toMatch(/^1:202: more than 200 lists within/);
    expect(faults("'".repeat(100_000))[0]).toMatch(/^1:202: more than 200 lists within/);
    expect(faults('#;'.repeat(100_000))[0]).toMatch(/^1:403: too many #;/);
    expect(faults('#:'.repeat(100_000))).toHaveLength(1);
    expect(faults('a '.repeat(200_001))[0]).toMatch(/^1:400001: more than 200000 data/);
    expect(faults(' '.repeat((4 << 20) + 1))[0]).toMatch(/^1:1: the text is longer/);
  });
});
