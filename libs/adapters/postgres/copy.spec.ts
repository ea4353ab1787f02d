import { describe, expect, it } from '@jest/globals';
import { textColumns } from './copy.js';

describe('columns of a COPY', () => {
  it('are joined by tabs', () => {
    expect(textColumns('a', '', 'b')).toBe('a\t\tb');
    expect(textColumns('alone')).toBe('alone');
  });

  it('cannot be told apart from more columns or another row by what they hold', () => {
    expect(textColumns('a\tb', 'c')).toBe('a\\tb\tc');
    expect(textColumns('a\nb', 'c\rd')).toBe('a\\nb\tc\\rd');
    expect(textColumns('\\N', 'back\\slash')).toBe('\\\\N\tback\\\\slash');
    expect(textColumns('a\0b')).toBe('a\uFFFDb');
  });

  it('that are nothing are null', () => {
    expect(textColumns('a', null, 'b\tc')).toBe('a\t\\N\tb\\tc');
  });
});
