import { describe, expect, it } from '@jest/globals';
import { parseLineRange } from './line-range.js';

describe('a range of lines', () => {
  it('is one line, or from one to another, in any order', () => {
    expect(parseLineRange('120')).toEqual({ from: 120, to: 120 });
    expect(parseLineRange('120-135')).toEqual({ from: 120, to: 135 });
    expect(parseLineRange('135-120')).toEqual({ from: 120, to: 135 });
  });

  it('is none in other words', () => {
    for (const text of ['', '0', '1-0', '-5', '1-', '1-2-3', '1e3', '9'.repeat(20)]) {
      expect([text, parseLineRange(text)]).toEqual([text, null]);
    }
  });
});
