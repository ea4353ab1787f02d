/** How rows of sheets become answers of the API. */
import {
  decisiveRow,
  differenceKinds,
  type Difference,
  type DifferenceKind,
} from '#domain/evaluation-difference/difference.js';
import type { JobSheet } from '#domain/evaluation-difference/job-sheet.js';
import { sheetStatuses } from '#domain/evaluation-difference/standing.js';
import type { JobDifference } from '#protocol/api/difference.js';
import { cutPage, type Page } from '#protocol/api/page.js';

export interface Sheets {
  readonly newer: JobSheet;
  readonly older: JobSheet | null;
}

interface Shown {
  readonly kind?: DifferenceKind | undefined;
  readonly rows: Int32Array;
  /** The job that the page before ended with. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export function jobDifferences(
  sheets: Sheets,
  difference: Difference,
  { kind, rows, cursor, limit }: Shown,
): Page<JobDifference> {
  const removed = kind === 'removed';
  const sheet = removed ? (sheets.older ?? sheets.newer) : sheets.newer;
  const from = cursor === undefined ? 0 : placeAfter(sheet, rows, Number(cursor));
  const shown = [...rows.subarray(from, from + limit + 1)].map((row) =>
    removed ? removedJob(sheet, row) : presentJob(sheets, difference, row),
  );
  return cutPage(shown, limit, ({ id }) => id);
}

/** Behind everything where the job is no longer one of these. */
function placeAfter(sheet: JobSheet, rows: Int32Array, job: number): number {
  const row = sheet.jobs.indexOf(job);
  if (row === -1) return rows.length;
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! <= row) low = middle + 1;
    else high = middle;
  }
  return low;
}

function presentJob({ newer, older }: Sheets, difference: Difference, row: number): JobDifference {
  const decisive = decisiveRow(newer, difference, row);
  const before = difference.before[decisive]!;
  return {
    ...jobAt(newer, row),
    kind: differenceKinds[difference.kinds[decisive]!]!,
    before:
      before === -1 || older === null
        ? null
        : { status: statusAt(older, before), build: buildAt(older, before) },
  };
}

function removedJob(sheet: JobSheet, row: number): JobDifference {
  const { status, build } = jobAt(sheet, row);
  return { ...jobAt(sheet, row), kind: 'removed', before: { status, build } };
}

function jobAt(sheet: JobSheet, row: number): Omit<JobDifference, 'kind' | 'before'> {
  const { names, systems, reasons } = sheet.words;
  return {
    id: String(sheet.jobs[row]),
    name: names.word(sheet.names[row]!),
    system: systems.word(sheet.systems[row]!),
    status: statusAt(sheet, row),
    reason: reasons.word(sheet.reasons[row]!) || null,
    build: buildAt(sheet, row),
  };
}

function statusAt(sheet: JobSheet, row: number): JobDifference['status'] {
  return sheetStatuses[sheet.statuses[row]!]!;
}

export function buildAt(sheet: JobSheet, row: number): string | null {
  const build = sheet.builds[row]!;
  return build === 0 ? null : String(build);
}
