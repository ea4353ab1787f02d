/** Columns of a terminal, whatever stands in them. */
import { describe, expect, it } from '@jest/globals';
import { columns, plainTable, widthOf } from './columns.js';

describe('a table on a terminal', () => {
  it('has columns as wide as their widest cell, and no spaces at the ends of lines', () => {
    const rows = [
      ['1', 'one'],
      ['22', ''],
    ];
    expect(plainTable(['ID', 'NAME'], rows)).toBe('ID  NAME\n1   one\n22\n');
  });

  it('keeps its columns where words are coloured', () => {
    const red = '\u001b[31mno\u001b[39m';
    expect(widthOf(red)).toBe(2);
    expect(
      columns([
        [red, 'b'],
        ['yes', 'b'],
      ]),
    ).toBe(`${red}   b\nyes  b\n`);
  });

  it('lets no word from outside move the cursor or begin a row', () => {
    expect(plainTable(['NAME'], [['a\u001b[2Jb\nc']])).toBe('NAME\na [2Jb c\n');
  });
});
