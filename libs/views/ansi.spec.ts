import { describe, expect, it } from '@jest/globals';
import { drawnText } from '#domain/log/drawn-line.js';
import { AnsiReader, ansiSpans, lastDrawings } from './ansi.js';

const esc = '\x1b';

describe('terminal colours in a log', () => {
  it('become spans with class names', () => {
    expect(ansiSpans(`a ${esc}[1;31mred${esc}[0m b`)).toEqual([
      { text: 'a ', classes: '' },
      { text: 'red', classes: 'f1 b' },
      { text: ' b', classes: '' },
    ]);
    expect(ansiSpans(`${esc}[97;104mx${esc}[39;49my`)).toEqual([
      { text: 'x', classes: 'f15 g12' },
      { text: 'y', classes: '' },
    ]);
  });

  it('never turn log text into anything but text', () => {
    const text = '<script>alert(1)</script>&amp;';
    expect(ansiSpans(text)).toEqual([{ text, classes: '' }]);
  });

  it('leave only classes of the fixed set, whatever the parameters', () => {
    for (let code = 0; code < 300; code += 1) {
      for (const span of ansiSpans(`${esc}[${code}mx`)) {
        expect(span.classes).toMatch(/^(([fg]([0-9]|1[0-5])|b|dim|i|u)( |$))*$/);
      }
    }
  });

  it('drop cursor movements, titles, links and control characters', () => {
    const moves = `${esc}[2K${esc}[1A${esc}]0;title\x07`;
    const noise = `${moves}${esc}]8;;http://x${esc}\\link${esc}]8;;${esc}\\\x00\x08!`;
    expect(ansiSpans(noise)).toEqual([{ text: 'link!', classes: '' }]);
  });

  it('come without marks that turn the order of letters around: their numbers are told', () => {
    const marks = '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069';
    for (const mark of marks) {
      const [span] = ansiSpans(`${esc}[31mif (a${mark} ;)b\u0085`);
      const number = mark.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
      expect(span).toEqual({ text: `if (a[U+${number}] ;)b`, classes: 'f1' });
      // The page of the whole log says it in the same words.
      expect(span?.text).toBe(drawnText(`if (a${mark} ;)b`));
    }
  });

  it('pass over 256 colours and true colours', () => {
    expect(ansiSpans(`${esc}[38;5;196mx${esc}[48;2;1;2;3my${esc}[1mz`)).toEqual([
      { text: 'xy', classes: '' },
      { text: 'z', classes: 'b' },
    ]);
  });

  it('survive being cut in two anywhere', () => {
    const text = `one ${esc}[1;32mtwo${esc}]0;t\x07 three${esc}[0m four`;
    for (let at = 0; at <= text.length; at += 1) {
      const reader = new AnsiReader();
      const spans = [...reader.read(text.slice(0, at)), ...reader.read(text.slice(at))];
      const flat = spans.flatMap((s) => [...s.text].map((c) => `${s.classes}|${c}`));
      const whole = ansiSpans(text).flatMap((s) => [...s.text].map((c) => `${s.classes}|${c}`));
      expect(flat).toEqual(whole);
    }
  });

  it('do not hold a lone escape back for ever', () => {
    const reader = new AnsiReader();
    reader.read(`${esc}]${'x'.repeat(50)}`);
    const text = reader
      .read('y'.repeat(1000))
      .map((span) => span.text)
      .join('');
    expect(text).toContain('yyy');
  });

  it('take time in proportion to the text', () => {
    const text = `${esc}[31mx`.repeat(20_000) + `${esc}]`.repeat(20_000);
    const before = performance.now();
    ansiSpans(text);
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

describe('a line drawn over', () => {
  it('shows its last drawing', () => {
    expect(lastDrawings('10%\r50%\r100%\ndone\r\nend\r')).toBe('100%\ndone\nend');
  });
});
