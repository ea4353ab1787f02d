import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ReferenceScanner } from './reference-scan.js';

const parts = ['0123456789abcdfghijklmnpqrsvwxyz', 'zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz'];

function found(pieces: readonly string[], wanted = parts): string[] {
  const scanner = new ReferenceScanner(wanted);
  for (const piece of pieces) scanner.push(Buffer.from(piece, 'latin1'));
  return [...scanner.found].sort();
}

describe('the reference scan', () => {
  it('finds a hash part anywhere, and only those it looks for', () => {
    expect(found([`x${parts[0]}-name`])).toEqual([parts[0]]);
    expect(found([parts[1]!])).toEqual([parts[1]]);
    expect(found([`${parts[1]}z`, 'a'.repeat(32)])).toEqual([parts[1]]);
    expect(found([parts[0]!.slice(1), ' '])).toEqual([]);
  });

  it('finds one that lies across pieces of any size', () => {
    const text = `lorem ipsum ${parts[0]}-foo dolor 0123${parts[1]}`;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 40 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
        const pieces = edges.slice(1).map((end, i) => text.slice(edges[i], end));
        expect(found(pieces)).toEqual([...parts].sort());
      }),
    );
  });
});
