/** Logs on a terminal: what hostile or careless bytes must not do to it. */
import { describe, expect, it } from '@jest/globals';
import { LogText } from './log-text.js';

const terminal = { moving: true, colour: true };
const esc = '\u001b';

function shown(text: string, look = terminal): string {
  return new LogText(look).shown(text);
}

describe('a log on a terminal', () => {
  it.each([
    ['moves the cursor', `a${esc}[2J${esc}[1;1Hb${esc}[5Ac`, 'abc'],
    ['changes the title', `a${esc}]0;owned\u0007b${esc}]2;x${esc}\\c`, 'abc'],
    ['links', `${esc}]8;;http://evil.example${esc}\\text${esc}]8;;${esc}\\`, 'text'],
    ['asks the terminal things', `a${esc}[6n${esc}[c${esc}P$qm${esc}\\b`, 'ab'],
    ['has a title that never ends', `a${esc}]0;owned\nb\n`, 'a\nb\n'],
    ['switches the character set', `a${esc}(0b${esc}cc${esc}7`, 'abc'],
    ['has bells, NULs and C1 controls', 'a\u0007\u0000b\u009b2Jc', 'ab2Jc'],
    ['turns letters around', 'a\u202etxt.exe\u2066b', 'a[U+202E]txt.exe[U+2066]b'],
    ['has progress lines', '10%\r20%\r\ndone\r\n', '10%\r20%\ndone\n'],
  ])('shows none of what %s', (_, text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('keeps colours where they are wished', () => {
    const text = `${esc}[1;31merror${esc}[0m ${esc}[38:2::1:2:3mx`;
    expect(shown(text)).toBe(text);
    expect(shown(text, { moving: true, colour: false })).toBe('error x');
  });

  it('is the same however it is cut', () => {
    const text = `a${esc}[1;31mb${esc}[0m${esc}]0;title${esc}\\c${esc}[2Jd${esc}]8;;x\u0007e\n`;
    const whole = shown(text);
    for (let at = 1; at < text.length; at += 1) {
      const parts = new LogText(terminal);
      expect(parts.shown(text.slice(0, at)) + parts.shown(text.slice(at))).toBe(whole);
    }
  });

  it('is passed on as it is where there is no terminal', () => {
    const text = `a${esc}[2Jb\u0000`;
    expect(shown(text, { moving: false, colour: false })).toBe(text);
  });
});
