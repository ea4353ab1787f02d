/**
 * What differs between two evaluations, job by job: a name and a system. Of several packages of one
 * name and system the job waits while one of them does, and fails if one of them fails (ADR 0030).
 */
import { repeats, type JobSheet } from './job-sheet.js';
import { rankByCode, standings } from './standing.js';

/** Each job of the newer evaluation is of one kind; `removed` are jobs of the older one. */
export const differenceKinds = [
  'newly-failing',
  'newly-succeeding',
  'new',
  'removed',
  'still-failing',
  /** It fails, and how it was before is not known. */
  'failing',
  'waiting',
  /** Canceled, or lost by the farm. */
  'undone',
  'succeeding',
] as const;
export type DifferenceKind = (typeof differenceKinds)[number];

export interface Difference {
  /** By row of the newer sheet, the place in `differenceKinds`, or `repeated`. */
  readonly kinds: Uint8Array;
  /** By row of the newer sheet, the row of the same job in the older one, or -1. */
  readonly before: Int32Array;
  /** Rows of the older sheet. */
  readonly removed: Int32Array;
  readonly counts: Readonly<Record<DifferenceKind, number>>;
  /** Jobs of the newer evaluation that still wait, new ones among them. */
  readonly waiting: number;
  /** Jobs of the newer evaluation, each name and system once. */
  readonly jobs: number;
  /** Those of them that succeeded. */
  readonly good: number;
}

/** Of a row whose job another row of the same name and system tells. */
export const repeated = 255;

const [, undone, bad, waiting] = standings.map((_, rank) => rank) as [
  number,
  number,
  number,
  number,
];
const place = Object.fromEntries(differenceKinds.map((kind, at) => [kind, at])) as Record<
  DifferenceKind,
  number
>;

/**
 * `older` is null where there is nothing to compare with: then no job is new. Both sheets share
 * their words. `whole` says that the newer evaluation was read to its end: before that nothing
 * counts as removed.
 */
export function differ(newer: JobSheet, older: JobSheet | null, whole: boolean): Difference {
  const kinds = new Uint8Array(newer.size).fill(repeated);
  const before = new Int32Array(newer.size).fill(-1);
  const removed: number[] = [];
  const counts = new Uint32Array(differenceKinds.length);
  const tally = { waiting: 0, jobs: 0, good: 0 };
  const merge = new Merge(newer, older);
  while (merge.next()) {
    const { now, was } = merge;
    if (now.row === -1) {
      if (whole) removed.push(was.row);
      continue;
    }
    const kind = kindOf(now.rank, was.row === -1 ? -1 : was.rank, older !== null);
    kinds[now.row] = kind;
    before[now.row] = was.row;
    counts[kind]! += 1;
    tally.jobs += 1;
    if (now.rank === waiting) tally.waiting += 1;
    if (now.rank === 0) tally.good += 1;
  }
  counts[place.removed] = removed.length;
  return {
    ...tally,
    kinds,
    before,
    removed: Int32Array.from(removed),
    counts: Object.fromEntries(differenceKinds.map((kind, at) => [kind, counts[at]!])) as Record<
      DifferenceKind,
      number
    >,
  };
}

/** The row that tells of the same job as this one: itself, unless it is one of several packages. */
export function decisiveRow(sheet: JobSheet, { kinds }: Difference, row: number): number {
  let at = row;
  while (repeats(sheet, at)) at -= 1;
  while (kinds[at] === repeated) at += 1;
  return at;
}

function kindOf(now: number, then: number, compared: boolean): number {
  if (compared && then === -1) return place.new;
  if (now === waiting) return place.waiting;
  if (now === undone) return place.undone;
  if (now === bad) {
    if (then === 0) return place['newly-failing'];
    return then === bad ? place['still-failing'] : place.failing;
  }
  return then === bad ? place['newly-succeeding'] : place.succeeding;
}

/** The job that stands at a cursor: its row that decides, and how it stands. */
interface At {
  row: number;
  rank: number;
  end: number;
}

/** Goes through the jobs of both sheets in their order, which is the same. */
class Merge {
  readonly now: At = { row: -1, rank: 0, end: 0 };
  readonly was: At = { row: -1, rank: 0, end: 0 };
  private readonly ranks: Int32Array;

  constructor(
    private readonly newer: JobSheet,
    private readonly older: JobSheet | null,
  ) {
    this.ranks = newer.words.names.order();
  }

  /** Afterwards a cursor's row is -1 where its sheet lacks the job. */
  next(): boolean {
    const { newer, older, now, was } = this;
    const hasNewer = now.end < newer.size;
    const hasOlder = older !== null && was.end < older.size;
    if (!hasNewer && !hasOlder) return false;
    const order = hasNewer && hasOlder ? this.compare(older) : hasNewer ? -1 : 1;
    if (order <= 0) take(newer, now);
    else now.row = -1;
    if (order >= 0) take(older!, was);
    else was.row = -1;
    return true;
  }

  private compare(older: JobSheet): number {
    const a = this.now.end;
    const b = this.was.end;
    const byName = this.ranks[this.newer.names[a]!]! - this.ranks[older.names[b]!]!;
    return byName === 0 ? this.newer.systems[a]! - older.systems[b]! : byName;
  }
}

/** Takes the rows of the next job, of which the first that stands worst is shown. */
function take(sheet: JobSheet, at: At): void {
  let row = at.end;
  at.row = row;
  at.rank = rankByCode[sheet.statuses[row]!]!;
  for (row += 1; row < sheet.size && repeats(sheet, row); row += 1) {
    const rank = rankByCode[sheet.statuses[row]!]!;
    if (rank <= at.rank) continue;
    at.rank = rank;
    at.row = row;
  }
  at.end = row;
}
