/**
 * How the reading commands print: JSON as the farm answers it, `--plain` with one record a line and
 * tabs between its fields, or columns for people.
 */
import type { Command } from 'commander';
import { ofFarm, type FarmOptions } from '../farm-options.js';
import { columns } from './columns.js';
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

export function tell(options: FarmOptions, answer: unknown, words: () => string): void {
  process.stdout.write(options.json ? `${JSON.stringify(answer, null, 2)}\n` : words());
}
