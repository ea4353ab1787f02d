/**
 * All jobs of an evaluation in as few letters as a page can load at once: names in their order,
 * each told by how it differs from the one before; and for each system a letter for each name.
 * 150,000 jobs are some hundred kilobytes, and a tenth of that when they are compressed.
 */
import { repeated, type Difference } from './difference.js';
import type { JobSheet } from './job-sheet.js';
import { sheetStatuses, type SheetStatus } from './standing.js';

export interface JobMap {
  /** How many first letters a name shares with the one before, and the rest; a line for each. */
  readonly names: string;
  /** For each name a letter of `statusLetters`, or `.` where the system has no such job. */
  readonly systems: readonly { readonly system: string; readonly statuses: string }[];
}

const noJob = '.';
const letters = 'abcdefghi';

/** By letter. */
export const statusLetters: Readonly<Record<string, SheetStatus>> = Object.fromEntries(
  sheetStatuses.map((status, code) => [letters[code]!, status]),
);

export function jobMap(sheet: JobSheet, { kinds }: Difference): JobMap {
  const places = new Map<number, number>();
  const rows: number[] = [];
  for (let row = 0; row < sheet.size; row += 1) {
    if (kinds[row] === repeated) continue;
    rows.push(row);
    const name = sheet.names[row]!;
    if (!places.has(name)) places.set(name, places.size);
  }
  const columns = new Map<number, string[]>();
  for (const row of rows) {
    const system = sheet.systems[row]!;
    let column = columns.get(system);
    if (!column) {
      column = new Array<string>(places.size).fill(noJob);
      columns.set(system, column);
    }
    column[places.get(sheet.names[row]!)!] = letters[sheet.statuses[row]!]!;
  }
  return {
    names: shortened([...places.keys()].map((name) => sheet.words.names.word(name))),
    systems: [...columns]
      .map(([code, column]) => ({
        system: sheet.words.systems.word(code),
        statuses: column.join(''),
      }))
      .sort((a, b) => (a.system < b.system ? -1 : 1)),
  };
}

function shortened(names: readonly string[]): string {
  let before = '';
  return names
    .map((name) => {
      const shared = sharedLetters(before, name);
      before = name;
      return `${shared} ${name.slice(shared)}`;
    })
    .join('\n');
}

function sharedLetters(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}
