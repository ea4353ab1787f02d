import { describe, expect, it } from '@jest/globals';
import { drawLine } from './drawn-line.js';
import {
  classesOf,
  parseStyle,
  plainStyle,
  printStyle,
  safeLink,
  selected,
  StylePen,
} from './style.js';

const esc = '\x1b';
const classes = (parameters: string): string => classesOf(selected(plainStyle, parameters));

describe('colours of a terminal', () => {
  it('are sixteen, 256, or the nearest of these to a true colour', () => {
    expect(classes('31')).toBe('f1');
    expect(classes('97;104')).toBe('f15 g12');
    expect(classes('38;5;196')).toBe('f196');
    expect(classes('48:5:22')).toBe('g22');
    expect(classes('38;2;255;0;0')).toBe('f196');
    expect(classes('38;2;128;128;128')).toBe('f244');
    expect(classes('1;38;2;1;2;3;4')).toBe('f16 b u');
  });

  it('are passed over when their parameters are none', () => {
    expect(classes('38;5;999;1')).toBe('b');
    expect(classes('38;2;1;2')).toBe('');
    expect(classes('?25')).toBe('');
    expect(classes('38')).toBe('');
  });

  it('end where they are said to end', () => {
    const loud = selected(plainStyle, '1;2;3;4;9;31;41');
    expect(classesOf(loud)).toBe('f1 g1 b dim i u s');
    expect(classesOf(selected(loud, '22;23;24;29;39;49'))).toBe('');
    expect(selected(loud, '')).toBe(plainStyle);
  });

  it('change places when they are turned', () => {
    expect(classes('7')).toBe('g7');
    expect(classes('7;31')).toBe('g1');
    expect(classes('7;31;44')).toBe('f4 g1');
  });

  it('leave only classes of the fixed set, whatever the parameters', () => {
    for (let code = 0; code < 300; code += 1) {
      for (const more of ['', ';5;7', ';2;9;9;9', ';999', ':::']) {
        expect(classes(`${code}${more}`)).toMatch(/^(([fg]\d{1,3}|b|dim|i|u|s)( (?=.)|$))*$/);
      }
    }
  });

  it('are printed and read again', () => {
    for (const parameters of ['', '31', '1;38;5;200;48;5;3', '7']) {
      const style = selected(plainStyle, parameters);
      expect(parseStyle(printStyle(style))).toEqual(style);
    }
    expect(parseStyle('nonsense')).toBe(plainStyle);
  });
});

describe('a link in a log', () => {
  const linked = (address: string) =>
    drawLine(`a${esc}]8;id=1;${address}${esc}\\b${esc}]8;;${esc}\\c`, new StylePen()).map(
      ({ text, style }) => [text, style.link],
    );

  it('leads to a page of the web', () => {
    expect(linked('https://example.org/x?y=1')).toEqual([
      ['a', null],
      ['b', 'https://example.org/x?y=1'],
      ['c', null],
    ]);
  });

  it('is mere text when it leads anywhere else', () => {
    for (const address of [
      'javascript:alert(1)',
      'JAVASCRIPT://x/%0aalert(1)',
      'data:text/html,<b>',
      'file:///etc/passwd',
      '//example.org',
      'https://example.org/"onclick=x',
      `https://example.org/${'x'.repeat(3000)}`,
      'https://exаmple.org/',
    ]) {
      expect([address, safeLink(address)]).toEqual([address, null]);
      expect(linked(address)).toEqual([['abc', null]]);
    }
  });
});
