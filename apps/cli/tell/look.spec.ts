/** Colours and movement only where they are seen and wished. */
import { describe, expect, it } from '@jest/globals';
import { harmless, lookOf } from './look.js';

const terminal = { isTTY: true, columns: 120, rows: 40 };
const env = { TERM: 'xterm-256color', LANG: 'en_US.UTF-8' };

describe('the look of what is printed', () => {
  it.each([
    ['a terminal', terminal, env, {}, true, true],
    ['a file or a pipe', {}, env, {}, false, false],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, {}, false, false],
    ['NO_COLOR', terminal, { ...env, NO_COLOR: '1' }, {}, false, true],
    ['an empty NO_COLOR', terminal, { ...env, NO_COLOR: '' }, {}, true, true],
    ['--no-color', terminal, env, { color: false }, false, true],
    ['--plain', terminal, { ...env, FORCE_COLOR: '1' }, { plain: true }, false, false],
    ['FORCE_COLOR in a pipe', {}, { ...env, FORCE_COLOR: '1' }, {}, true, false],
    ['FORCE_COLOR=0', {}, { ...env, FORCE_COLOR: '0' }, {}, false, false],
    [
      'NO_COLOR and FORCE_COLOR',
      terminal,
      { ...env, NO_COLOR: '1', FORCE_COLOR: '1' },
      {},
      false,
      true,
    ],
    ['a terminal that a CI keeps', terminal, { ...env, CI: 'true' }, {}, true, false],
  ] as const)('of %s', (...[, stream, environment, wish, colour, moving]) => {
    expect(lookOf(stream, environment, wish)).toMatchObject({ colour, moving });
  });

  it('has shapes beyond ASCII only where the locale has them', () => {
    expect(lookOf(terminal, { LANG: 'C' }).shapes).toBe(false);
    expect(lookOf(terminal, { LANG: 'C', LC_ALL: 'de_DE.utf8' }).shapes).toBe(true);
    expect(lookOf(terminal, {}).shapes).toBe(true);
  });

  it('never lets text from outside steer a terminal', () => {
    expect(harmless('a\u001b[2Jb\nc\u009dd\u202ee')).toBe('a [2Jb c d e');
  });
});
