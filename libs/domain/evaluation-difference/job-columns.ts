/**
 * Jobs of one evaluation in columns of numbers. Thousands of objects that live while they are read
 * would be moved and marked by the collector again and again, in the middle of other requests.
 */

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

export interface JobColumns {
  readonly size: number;
  readonly jobs: Float64Array;
  readonly names: Int32Array;
  readonly systems: Int32Array;
  readonly builds: Float64Array;
  readonly maintainers: Int32Array;
  readonly statuses: Uint8Array;
  readonly reasons: Uint8Array;
  readonly failedInputs: Float64Array;
}

type ColumnName = Exclude<keyof JobColumns, 'size'>;

/** Columns that are filled row by row, however many come. */
export class GrowingColumns {
  private columns = columnsFor(4096);
  private size = 0;

  add(row: JobRow): void {
    const { columns, size } = this;
    if (size === columns.size) this.columns = joined(columns, columnsFor(size));
    setRow(this.columns, size, row);
    this.size += 1;
  }

  /** Those that were added so far. */
  all(): JobColumns {
    return cut(this.columns, this.size);
  }
}

export function columnsFor(size: number): JobColumns {
  return {
    size,
    jobs: new Float64Array(size),
    names: new Int32Array(size),
    systems: new Int32Array(size),
    builds: new Float64Array(size),
    maintainers: new Int32Array(size),
    statuses: new Uint8Array(size),
    reasons: new Uint8Array(size),
    failedInputs: new Float64Array(size),
  };
}

/** New columns of the rows of both. */
export function joined(first: JobColumns, second: JobColumns): JobColumns {
  const all = columnsFor(first.size + second.size);
  for (const name of columnNames(all)) {
    all[name].set(first[name]);
    all[name].set(second[name], first.size);
  }
  return all;
}

/** New columns of the rows at `places`, in that order. */
export function arranged(columns: JobColumns, places: Int32Array): JobColumns {
  const all = columnsFor(places.length);
  for (const name of columnNames(all)) {
    const [from, to] = [columns[name], all[name]];
    for (let at = 0; at < places.length; at += 1) to[at] = from[places[at]!]!;
  }
  return all;
}

function cut(columns: JobColumns, size: number): JobColumns {
  const { jobs, names, systems, builds, maintainers, statuses, reasons, failedInputs } = columns;
  return {
    size,
    jobs: jobs.subarray(0, size),
    names: names.subarray(0, size),
    systems: systems.subarray(0, size),
    builds: builds.subarray(0, size),
    maintainers: maintainers.subarray(0, size),
    statuses: statuses.subarray(0, size),
    reasons: reasons.subarray(0, size),
    failedInputs: failedInputs.subarray(0, size),
  };
}

function setRow(columns: JobColumns, at: number, row: JobRow): void {
  columns.jobs[at] = row.job;
  columns.names[at] = row.name;
  columns.systems[at] = row.system;
  columns.builds[at] = row.build;
  columns.maintainers[at] = row.maintainers;
  columns.statuses[at] = row.status;
  columns.reasons[at] = row.reason;
  columns.failedInputs[at] = row.failedInput;
}

function columnNames(columns: JobColumns): ColumnName[] {
  return Object.keys(columns).filter((name) => name !== 'size') as ColumnName[];
}
