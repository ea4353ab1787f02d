/** Rows in columns that are as wide as their widest cell, colours not counted. */
import { stripVTControlCharacters } from 'node:util';
import { harmless } from './look.js';

/** For words that came from outside, under a head. */
export function plainTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return columns([head, ...rows.map((row) => row.map(harmless))]);
}

/** The head is a row, too. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) =>
    Math.max(...rows.map((row) => widthOf(row[at] ?? ''))),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, at) => cell + ' '.repeat(Math.max(0, widths[at]! - widthOf(cell))))
      .join('  ')
      .trimEnd();
  return rows.map((row) => `${line(row)}\n`).join('');
}

/** Columns of a terminal that the text takes; the hourglass takes two. */
export function widthOf(text: string): number {
  const bare = stripVTControlCharacters(text);
  return bare.length + (bare.match(/[⏳⚡]/g)?.length ?? 0);
}
