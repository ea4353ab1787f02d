/**
 * Which failed builds keep jobs of an evaluation from succeeding. A job that failed by an input is
 * followed from input to input until one that failed by itself; that one need not be a job.
 */
import type { JobSheet } from './job-sheet.js';
import { statusCode } from './standing.js';

/** How a build stands that may be an input: its status as a sheet has it, and its failed input. */
export interface Link {
  readonly status: number;
  readonly failedInput: number;
}

export interface RootCause {
  /** 0: not known, such as of builds that failed before it was kept. */
  readonly build: number;
  /** Rows of the sheet that fail because this build failed, the build's own rows not among them. */
  readonly blocked: readonly number[];
  /** The build's own row in the sheet, or -1. */
  readonly row: number;
}

const byInput = statusCode('failed-dependency');
const failed = statusCode('failed');
const lost = statusCode('failed-other');

/** Builds that `rootCauses` wants to know of: inputs that are no jobs of the sheet. */
export function foreignInputs(sheet: JobSheet, has: (build: number) => boolean): number[] {
  const inputs = new Set<number>();
  for (let row = 0; row < sheet.size; row += 1) {
    const input = sheet.failedInputs[row]!;
    if (sheet.statuses[row] === byInput && input !== 0 && !has(input)) inputs.add(input);
  }
  return [...inputs];
}

/**
 * The one that blocks most comes first, those that block as many in the order of builds. `links`
 * are those of builds outside of the sheet.
 */
export function rootCauses(sheet: JobSheet, links: ReadonlyMap<number, Link>): RootCause[] {
  const own = new Map<number, number>();
  const inside = new Map<number, Link>();
  for (let row = sheet.size - 1; row >= 0; row -= 1) {
    const status = sheet.statuses[row]!;
    if (status !== byInput && status !== failed && status !== lost) continue;
    const build = sheet.builds[row]!;
    inside.set(build, { status, failedInput: sheet.failedInputs[row]! });
    own.set(build, row);
  }
  const roots = new Map<number, number>();
  const find = (build: number): number =>
    rootOf(build, roots, (of) => inside.get(of) ?? links.get(of));
  const blocked = new Map<number, number[]>();
  for (let row = 0; row < sheet.size; row += 1) {
    const status = sheet.statuses[row]!;
    if (status === failed) groupOf(blocked, sheet.builds[row]!);
    if (status === byInput) groupOf(blocked, find(sheet.builds[row]!)).push(row);
  }
  return [...blocked]
    .map(([build, rows]) => ({ build, blocked: rows, row: own.get(build) ?? -1 }))
    .sort((a, b) => b.blocked.length - a.blocked.length || a.build - b.build);
}

function groupOf(blocked: Map<number, number[]>, build: number): number[] {
  let rows = blocked.get(build);
  if (!rows) blocked.set(build, (rows = []));
  return rows;
}

/** Remembers the root of all that lie on the way; a way that leads nowhere has the root 0. */
function rootOf(
  build: number,
  roots: Map<number, number>,
  linkOf: (build: number) => Link | undefined,
): number {
  const way: number[] = [];
  let at = build;
  let root = roots.get(at);
  while (root === undefined) {
    way.push(at);
    roots.set(at, 0);
    const link = linkOf(at);
    if (link?.status !== byInput) root = way.length > 1 || link ? at : 0;
    else if (link.failedInput === 0) root = 0;
    else {
      at = link.failedInput;
      root = roots.get(at);
    }
  }
  for (const passed of way) roots.set(passed, root);
  return root;
}
