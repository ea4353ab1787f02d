import { describe, expect, it } from '@jest/globals';
import { columnsAtMost, drawLine, drawnText } from './drawn-line.js';
import { classesOf, StylePen } from './style.js';

const esc = '\x1b';

describe('a line drawn over', () => {
  it('shows what a terminal shows', () => {
    expect(drawnText('10%\r50%\r100%')).toBe('100%');
    expect(drawnText('Reading... 10%\rReading... Done\r')).toBe('Reading... Done');
    expect(drawnText('abcdef\rxy')).toBe('xycdef');
    expect(drawnText(`abcdef\r${esc}[Kxy`)).toBe('xy');
    expect(drawnText(`abcdef${esc}[2K\rxy`)).toBe('xy');
    expect(drawnText(`abcdef${esc}[3D${esc}[1K!`)).toBe('   !ef');
    expect(drawnText('typo\b\bxt')).toBe('tyxt');
    expect(drawnText(`one${esc}[10Gtwo`)).toBe('one      two');
    expect(drawnText(`one${esc}[2Ctwo${esc}[4D${esc}[2P!`)).toBe('one !o');
    expect(drawnText(`abc\r${esc}[2Xx`)).toBe('x c');
  });

  it('keeps the colours of what stays', () => {
    const pen = new StylePen();
    const runs = drawLine(`${esc}[31mred and long\r${esc}[32mgreen${esc}[m`, pen);
    expect(runs.map(({ text, style }) => [text, classesOf(style)])).toEqual([
      ['green', 'f2'],
      ['nd long', 'f1'],
    ]);
    expect(classesOf(pen.style)).toBe('');
  });

  it('is never wider than a bound, wherever the cursor is sent', () => {
    const far = `${esc}[99999G`.repeat(1000);
    expect(drawnText(`${far}x${esc}[99999Cy\r1`).length).toBeLessThanOrEqual(columnsAtMost);
    expect(drawnText(`\r${'x'.repeat(100_000)}`)).toHaveLength(columnsAtMost);
  });

  it('goes to no other line', () => {
    expect(drawnText(`a${esc}[2Ab${esc}[10;10Hc${esc}[sd${esc}[ue${esc}[?25lf`)).toBe('abcdef');
  });
});

describe('what is no text in a line', () => {
  it('is dropped: control characters, titles, unknown sequences, even unfinished ones', () => {
    const noise = `\0a\x07b\x7fc\u0085d${esc}]0;title\x07e${esc}Pq#0${esc}\\f${esc}(Bg${esc}]8;;h`;
    expect(drawnText(noise)).toBe('abcdefg');
    expect(drawnText(`a${esc}`)).toBe('a');
  });

  it('tells marks that turn the order of letters around', () => {
    expect(drawnText('if (a\u202e ;)b\u2066 {')).toBe('if (a[U+202E] ;)b[U+2066] {');
  });

  it('leaves markup as the letters that it is', () => {
    const text = '<script>alert(1)</script>&amp;';
    expect(drawLine(text, new StylePen())).toMatchObject([{ text }]);
  });

  it('takes time in proportion to the line', () => {
    const line = `${esc}[31mx`.repeat(2000) + `${esc}]`.repeat(8000) + `${esc}[`.repeat(8000);
    expect(drawnText(line).startsWith('xxx')).toBe(true);
  });
});
