import { describe, expect, it } from '@jest/globals';
import { placeIn } from './storable-texts.js';

describe('a text that Postgres does not keep', () => {
  it('is found wherever it stands', () => {
    expect(placeIn({ a: ['fine', { 'b/c': 'x\u0000' }] })).toBe('/a/1/b~1c');
    expect(placeIn({ 'na\u0000me': 1 })).toBe('/na\u0000me');
    expect(placeIn({ half: '\ud800' })).toBe('/half');
    expect(placeIn(new URLSearchParams('note=a%00b'))).toBe('/note');
    expect(placeIn('\u0000')).toBe('');
  });

  it('is looked for no deeper than anything of the farm goes', () => {
    const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
    expect(placeIn(nested(64))).toBeNull();
    expect(placeIn(nested(66))).toBe('/0'.repeat(64));
    expect(placeIn(JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)))).not.toBeNull();
  });

  it('is none of those that it keeps', () => {
    expect(placeIn({ note: 'Grüße 😀\n\t', n: 1, nothing: null, list: [] })).toBeNull();
    expect(placeIn(undefined)).toBeNull();
  });
});
