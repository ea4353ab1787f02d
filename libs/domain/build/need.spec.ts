import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { neededFrom, type NeedGraph } from './need.js';

/** Of the inputs of each row. */
function graphOf(rows: readonly (readonly number[])[]): NeedGraph {
  const start = new Int32Array(rows.length + 1);
  rows.forEach((inputs, row) => (start[row + 1] = start[row]! + inputs.length));
  return { start, inputs: Int32Array.from(rows.flat()) };
}

function rowsOf(needed: Uint8Array): number[] {
  return [...needed.keys()].filter((row) => needed[row] === 1);
}

/** As it is said: until nothing more is needed by what is needed. */
function neededAsSaid(rows: readonly (readonly number[])[], roots: readonly number[]): number[] {
  const needed = new Set(roots);
  for (let before = -1; before !== needed.size;) {
    before = needed.size;
    for (const row of [...needed]) for (const input of rows[row]!) needed.add(input);
  }
  return [...needed].sort((a, b) => a - b);
}

describe('what is needed', () => {
  it('are the roots, and every input of what is needed', () => {
    const rows = [[], [0], [0], [1, 2], [2]];
    expect(rowsOf(neededFrom(graphOf(rows), [3]))).toEqual([0, 1, 2, 3]);
    expect(rowsOf(neededFrom(graphOf(rows), [4, 1]))).toEqual([0, 1, 2, 4]);
    expect(rowsOf(neededFrom(graphOf(rows), []))).toEqual([]);
  });

  it('is found along a chain of a hundred thousand', () => {
    const rows = Array.from({ length: 100_000 }, (_, row) => (row === 0 ? [] : [row - 1]));
    expect(rowsOf(neededFrom(graphOf(rows), [99_999]))).toHaveLength(100_000);
  });

  it('is the same in any graph as by going over it again and again', () => {
    const graphs = fc
      .array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 30 })
      .map((rows) => rows.map((inputs, row) => (row === 0 ? [] : inputs.map((n) => n % row))));
    fc.assert(
      fc.property(graphs, fc.array(fc.nat(), { maxLength: 4 }), (rows, wished) => {
        const roots = wished.map((n) => n % rows.length);
        expect(rowsOf(neededFrom(graphOf(rows), roots))).toEqual(neededAsSaid(rows, roots));
      }),
    );
  });
});
