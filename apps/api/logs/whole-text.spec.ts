import { describe, expect, it } from '@jest/globals';
import { wholeText } from './whole-text.js';

const bytes = new TextEncoder().encode('a€😀');

describe('text cut out of a growing log', () => {
  it('holds whole characters only', () => {
    expect(wholeText(bytes, false)).toEqual({ text: 'a€😀', bytes: 8 });
    expect(wholeText(bytes.subarray(0, 7), false)).toEqual({ text: 'a€', bytes: 4 });
    expect(wholeText(bytes.subarray(0, 3), false)).toEqual({ text: 'a', bytes: 1 });
    expect(wholeText(bytes.subarray(1, 2), false)).toEqual({ text: '', bytes: 0 });
  });

  it('shows a torn character when nothing follows', () => {
    expect(wholeText(bytes.subarray(0, 3), true)).toEqual({ text: 'a\ufffd', bytes: 3 });
  });

  it('goes on over bytes that are no text at all', () => {
    expect(wholeText(Uint8Array.of(0x80, 0x80, 0x80, 0x80), false).bytes).toBe(4);
  });
});
