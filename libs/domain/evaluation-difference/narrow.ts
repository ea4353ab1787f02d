/** Which jobs of an evaluation are shown: of a kind, a status, a system, with a name like this. */
import { differenceKinds, repeated, type Difference, type DifferenceKind } from './difference.js';
import type { JobSheet } from './job-sheet.js';
import type { WordTable } from './job-words.js';
import { rankByCode, standings, statusCode, type SheetStatus } from './standing.js';

export interface Narrowing {
  readonly kind?: DifferenceKind | undefined;
  readonly status?: SheetStatus | undefined;
  readonly reason?: string | undefined;
  readonly system?: string | undefined;
  /** Words, each of which is a part of the name, in any case; with `-` before it, is none. */
  readonly name?: string | undefined;
  /** A part of what one of the maintainers is called, in any case. */
  readonly maintainer?: string | undefined;
}

type Test = (row: number) => boolean;

interface Sheets {
  readonly newer: JobSheet;
  readonly older: JobSheet | null;
}

/** Who turns the pages of a list asks for the same rows again and again. */
const keptAtMost = 4;
const kept = new WeakMap<Difference, Map<string, Int32Array>>();

/**
 * Rows in their order: of the older sheet if removed jobs are asked for, else of the newer. They
 * are shared by all who ask alike, and must not be changed.
 */
export function narrow(sheets: Sheets, difference: Difference, narrowing: Narrowing): Int32Array {
  const { kind, status, reason, system, name, maintainer } = narrowing;
  const versions = [sheets.newer.version, sheets.older?.version];
  const key = JSON.stringify([versions, kind, status, reason, system, name, maintainer]);
  let known = kept.get(difference);
  if (!known) kept.set(difference, (known = new Map<string, Int32Array>()));
  const rows = known.get(key) ?? chosen(sheets, difference, narrowing);
  known.delete(key);
  known.set(key, rows);
  for (const oldest of known.keys()) {
    if (known.size <= keptAtMost) break;
    known.delete(oldest);
  }
  return rows;
}

function chosen(
  { newer, older }: Sheets,
  difference: Difference,
  narrowing: Narrowing,
): Int32Array {
  if (narrowing.kind === 'removed') {
    return older === null
      ? new Int32Array(0)
      : remaining(difference.removed.slice(), testsOf(older, narrowing));
  }
  const rows = new Int32Array(newer.size);
  for (let row = 0; row < newer.size; row += 1) rows[row] = row;
  return remaining(rows, [
    ...ofKind(newer, difference, narrowing.kind),
    ...testsOf(newer, narrowing),
  ]);
}

/** One test after the other, each over what the ones before left; in the place of `rows`. */
function remaining(rows: Int32Array, tests: readonly Test[]): Int32Array {
  let left = rows.length;
  for (const test of tests) {
    let kept = 0;
    for (let at = 0; at < left; at += 1) {
      const row = rows[at]!;
      if (!test(row)) continue;
      rows[kept] = row;
      kept += 1;
    }
    left = kept;
  }
  return rows.subarray(0, left);
}

/** New jobs that wait are told among both. */
function ofKind(newer: JobSheet, { kinds }: Difference, kind: DifferenceKind | undefined): Test[] {
  if (kind === undefined) return [];
  if (kind === 'waiting') {
    const waiting = standings.indexOf('waiting');
    return [(row) => kinds[row] !== repeated && rankByCode[newer.statuses[row]!] === waiting];
  }
  return [equals(kinds, differenceKinds.indexOf(kind))];
}

function testsOf(sheet: JobSheet, narrowing: Narrowing): Test[] {
  const { status, reason, system, name, maintainer } = narrowing;
  const tests: Test[] = [];
  if (status !== undefined) tests.push(equals(sheet.statuses, statusCode(status)));
  if (reason !== undefined) tests.push(equals(sheet.reasons, known(sheet.words.reasons, reason)));
  if (system !== undefined) tests.push(equals(sheet.systems, known(sheet.words.systems, system)));
  if (maintainer) tests.push(maintainedBy(sheet, maintainer));
  if (name) tests.push(named(sheet, name));
  return tests;
}

function equals(column: Uint8Array | Int32Array, value: number): Test {
  return (row) => column[row] === value;
}

/** -1 for a word that no job bears: asking must not make the table grow. */
function known(words: WordTable, word: string): number {
  return words.all().indexOf(word);
}

/** Each name is looked at once, however many systems have it. */
function named(sheet: JobSheet, asked: string): Test {
  const { names } = sheet.words;
  const parts = asked
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part !== '' && part !== '-');
  const wanted = parts.filter((part) => !part.startsWith('-'));
  const unwanted = parts.filter((part) => part.startsWith('-')).map((part) => part.slice(1));
  const seen = new Uint8Array(names.last + 1);
  return (row) => {
    const name = sheet.names[row]!;
    if (seen[name] === 0) {
      const word = names.inSmallLetters(name);
      const fits =
        wanted.every((part) => word.includes(part)) &&
        !unwanted.some((part) => word.includes(part));
      seen[name] = fits ? 2 : 1;
    }
    return seen[name] === 2;
  };
}

function maintainedBy(sheet: JobSheet, asked: string): Test {
  const part = asked.toLowerCase();
  const fits = sheet.words.maintainers
    .all()
    .map((told) => maintainersOf(told).some((words) => words.toLowerCase().includes(part)));
  return (row) => fits[sheet.maintainers[row]!] === true;
}

/** What maintainers are called, each as one text: Nix tells texts, or attributes of each. */
export function maintainersOf(told: string): string[] {
  if (told === '') return [];
  const list: unknown = JSON.parse(told);
  return (Array.isArray(list) ? list : [list]).flatMap((one: unknown) => {
    if (typeof one === 'string') return [one];
    if (typeof one !== 'object' || one === null) return [];
    const { github, name, email } = one as Record<string, unknown>;
    const words = [github, name, email].filter((word) => typeof word === 'string');
    return words.length === 0 ? [] : [words.join(' ')];
  });
}
