/**
 * How the reading commands print: JSON as the farm answers it, `--plain` with one record a line and
 * tabs between its fields, or columns for people.
 */
import type { Command } from 'commander';
import { stripVTControlCharacters } from 'node:util';
import { ofFarm, type FarmOptions } from '../farm-connection.js';
import { harmless, lookOf, paint, type Look } from './look.js';
import { statusWord } from './status-words.js';

export interface Telling extends FarmOptions {
  readonly plain: boolean;
  readonly color: boolean;
}

export function tellsOfFarm(command: Command): Command {
  return ofFarm(command)
    .option('--no-color', 'no colours, as NO_COLOR in the environment')
    .option('--plain', 'a record a line, fields between tabs', false);
}

export function lookFor(telling: Telling): Look {
  return lookOf(process.stdout, process.env, telling);
}

export interface Field {
  readonly text: string;
  /** It is a status: shown with its shape and colour. */
  readonly status?: boolean;
}

export interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | Field)[])[];
}

/** `empty` is said to people where there is no row. */
export function tellTable(telling: Telling, table: Table, empty: string): string {
  const look = lookFor(telling);
  if (telling.plain) {
    return table.rows.map((row) => `${row.map(plainCell).join('\t')}\n`).join('');
  }
  if (table.rows.length === 0) return `${empty}\n`;
  const head = table.head.map((word) => paint(look, 'quiet', word));
  return columns([head, ...table.rows.map((row) => row.map((cell) => shown(look, cell)))]);
}

function plainCell(cell: string | Field): string {
  return harmless(typeof cell === 'string' ? cell : cell.text).trim();
}

function shown(look: Look, cell: string | Field): string {
  if (typeof cell === 'string') return harmless(cell);
  return cell.status ? statusWord(look, harmless(cell.text)) : harmless(cell.text);
}

function columns(rows: readonly (readonly string[])[]): string {
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

/** `label  text`, the labels in one column; those without a text are left out. */
export function tellFacts(telling: Telling, facts: readonly (readonly [string, string])[]): string {
  const told = facts.filter(([, text]) => text !== '');
  if (telling.plain) return told.map(([label, text]) => `${label}\t${harmless(text)}\n`).join('');
  const look = lookFor(telling);
  const wide = Math.max(...told.map(([label]) => label.length));
  return told
    .map(([label, text]) => `${paint(look, 'quiet', label.padEnd(wide))}  ${harmless(text)}\n`)
    .join('');
}

export function tell(telling: Telling, answer: unknown, words: () => string): void {
  process.stdout.write(telling.json ? `${JSON.stringify(answer, null, 2)}\n` : words());
}
