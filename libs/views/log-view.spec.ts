import { describe, expect, it } from '@jest/globals';
import { lastLines, tailLines } from './log-view.js';

const numbered = (count: number): string =>
  Array.from({ length: count }, (_, i) => `line ${i + 1}\n`).join('');

describe('the end of a log', () => {
  it('is all of a short one', () => {
    expect(lastLines({ text: 'a\nb\n', size: 4, whole: true })).toEqual({
      text: 'a\nb\n',
      lines: 2,
      cut: false,
    });
  });

  it('is the last lines of a long one, whole lines only', () => {
    const text = numbered(2000);
    const end = lastLines({ text, size: text.length, whole: true });
    expect(end).toMatchObject({ lines: tailLines, cut: true });
    expect(end.text.startsWith('line 1501\n')).toBe(true);
    expect(end.text.endsWith('line 2000\n')).toBe(true);
    const torn = lastLines({ text: 'ne 7\nline 8\nline 9', size: 9000, whole: false });
    expect(torn).toEqual({ text: 'line 8\nline 9', lines: 2, cut: true });
  });

  it('cuts a line that would fill the page alone', () => {
    expect(lastLines({ text: 'x'.repeat(1e6), size: 1e6, whole: true }).text.length).toBeLessThan(
      5000,
    );
  });
});
