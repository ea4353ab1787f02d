/**
 * The jobs of one evaluation with what became of them, in columns of numbers: 150,000 jobs take
 * some megabytes, and to look at all of them takes about a millisecond. Rows are in the order of
 * names, then systems. Statuses change in place; everything else stays.
 */
import { invariant } from '#std/invariant.js';
import { arranged, type JobColumns, type JobRow } from './job-columns.js';
import type { JobWords } from './job-words.js';

export interface JobSheet extends JobColumns {
  readonly evaluation: number;
  readonly words: JobWords;
  /** Counts changes of any status, so that what was derived from the sheet can be kept with it. */
  version: number;
}

/** Rows of a sheet are at most this many, since an order packs a row into a double with its key. */
export const rowsAtMost = 2 ** 21;
const systemsAtMost = 2 ** 10;

/** The order of the jobs does not matter; all their names must be known to the words. */
export function sheetOf(evaluation: number, jobs: JobColumns, words: JobWords): JobSheet {
  return { ...arranged(jobs, sorted(jobs, words)), evaluation, words, version: 0 };
}

/** Places of jobs by name and system. A double holds 53 bits: 22 for the name, 10, and 21. */
function sorted(jobs: JobColumns, { names, systems }: JobWords): Int32Array {
  const { size } = jobs;
  invariant(size <= rowsAtMost, `an evaluation has ${size} jobs`);
  invariant(systems.all().length <= systemsAtMost, 'there are too many systems');
  const ranks = names.order();
  const keys = new Float64Array(size);
  for (let at = 0; at < size; at += 1) {
    keys[at] = (ranks[jobs.names[at]!]! * systemsAtMost + jobs.systems[at]!) * rowsAtMost + at;
  }
  keys.sort();
  const places = new Int32Array(size);
  for (let at = 0; at < size; at += 1) places[at] = keys[at]! % rowsAtMost;
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

  has(build: number): boolean {
    const key = this.order[this.firstAt(build * rowsAtMost)];
    return key !== undefined && Math.floor(key / rowsAtMost) === build;
  }

  /** What became of a build; tells whether that is new. */
  set(build: number, now: Pick<JobRow, 'status' | 'reason' | 'failedInput'>): boolean {
    const { sheet } = this;
    let changed = false;
    let at = this.firstAt(build * rowsAtMost);
    for (; at < this.order.length; at += 1) {
      const key = this.order[at]!;
      if (Math.floor(key / rowsAtMost) !== build) break;
      const row = key % rowsAtMost;
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
