/**
 * The jobs of one evaluation with what became of them, in columns of numbers: 150,000 jobs take
 * some megabytes, and to look at all of them takes about a millisecond. Rows are in the order of
 * names, then systems. Statuses change in place; everything else stays.
 */
import { invariant } from '#std/invariant.js';
import type { JobWords } from './job-words.js';

/** What is read of a job; ids are those of Postgres, codes those of the word tables. */
export interface JobRow {
  readonly job: number;
  readonly name: number;
  readonly system: number;
  /** 0: it could not be evaluated. */
  readonly build: number;
  readonly status: number;
  readonly reason: number;
  /** The input that its build failed by, or 0. */
  readonly failedInput: number;
  readonly maintainers: number;
}

export interface JobSheet {
  readonly evaluation: number;
  readonly words: JobWords;
  readonly size: number;
  readonly jobs: Float64Array;
  readonly names: Int32Array;
  readonly systems: Int32Array;
  readonly builds: Float64Array;
  readonly maintainers: Int32Array;
  readonly statuses: Uint8Array;
  readonly reasons: Uint8Array;
  readonly failedInputs: Float64Array;
  /** Counts changes of any status, so that what was derived from the sheet can be kept with it. */
  version: number;
}

/** Rows of a sheet are at most this many, since an order packs a row into a double with its key. */
export const rowsAtMost = 2 ** 21;
const systemsAtMost = 2 ** 10;

/** Order of `rows` does not matter; all their names must be known to the words. */
export function sheetOf(evaluation: number, rows: readonly JobRow[], words: JobWords): JobSheet {
  const size = rows.length;
  const sheet = {
    evaluation,
    words,
    size,
    jobs: new Float64Array(size),
    names: new Int32Array(size),
    systems: new Int32Array(size),
    builds: new Float64Array(size),
    maintainers: new Int32Array(size),
    statuses: new Uint8Array(size),
    reasons: new Uint8Array(size),
    failedInputs: new Float64Array(size),
    version: 0,
  };
  const order = sorted(rows, words);
  for (let at = 0; at < size; at += 1) fill(sheet, at, rows[order[at]!]!);
  return sheet;
}

function fill(sheet: JobSheet, at: number, row: JobRow): void {
  sheet.jobs[at] = row.job;
  sheet.names[at] = row.name;
  sheet.systems[at] = row.system;
  sheet.builds[at] = row.build;
  sheet.maintainers[at] = row.maintainers;
  sheet.statuses[at] = row.status;
  sheet.reasons[at] = row.reason;
  sheet.failedInputs[at] = row.failedInput;
}

/** Places of `rows` by name and system. A double holds 53 bits: 22 for the name, 10, and 21. */
function sorted(rows: readonly JobRow[], { names, systems }: JobWords): Int32Array {
  invariant(rows.length <= rowsAtMost, `an evaluation has ${rows.length} jobs`);
  invariant(systems.all().length <= systemsAtMost, 'there are too many systems');
  const ranks = names.order();
  const keys = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at += 1) {
    const { name, system } = rows[at]!;
    keys[at] = (ranks[name]! * systemsAtMost + system) * rowsAtMost + at;
  }
  keys.sort();
  const places = new Int32Array(rows.length);
  for (let at = 0; at < places.length; at += 1) places[at] = keys[at]! % rowsAtMost;
  return places;
}

/** Whether the row bears the same name and system as the one before it. */
export function repeats(sheet: JobSheet, row: number): boolean {
  return (
    row > 0 &&
    sheet.names[row] === sheet.names[row - 1] &&
    sheet.systems[row] === sheet.systems[row - 1]
  );
}

/** Where builds are in a sheet: one build may be several jobs. */
export class BuildPlaces {
  private readonly order: Float64Array;

  constructor(private readonly sheet: JobSheet) {
    const { size, builds } = sheet;
    this.order = new Float64Array(size);
    for (let row = 0; row < size; row += 1) this.order[row] = builds[row]! * rowsAtMost + row;
    this.order.sort();
  }

  rowsOf(build: number): number[] {
    const rows: number[] = [];
    let at = this.firstAt(build * rowsAtMost);
    for (; at < this.order.length; at += 1) {
      const key = this.order[at]!;
      if (Math.floor(key / rowsAtMost) !== build) break;
      rows.push(key % rowsAtMost);
    }
    return rows;
  }

  has(build: number): boolean {
    const key = this.order[this.firstAt(build * rowsAtMost)];
    return key !== undefined && Math.floor(key / rowsAtMost) === build;
  }

  /** What became of a build; tells whether that is new. */
  set(build: number, now: Pick<JobRow, 'status' | 'reason' | 'failedInput'>): boolean {
    const { sheet } = this;
    let changed = false;
    for (const row of this.rowsOf(build)) {
      changed ||=
        sheet.statuses[row] !== now.status ||
        sheet.reasons[row] !== now.reason ||
        sheet.failedInputs[row] !== now.failedInput;
      sheet.statuses[row] = now.status;
      sheet.reasons[row] = now.reason;
      sheet.failedInputs[row] = now.failedInput;
    }
    if (changed) sheet.version += 1;
    return changed;
  }

  private firstAt(key: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.order[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
