/** Differences, root causes and filters of evaluations, against rules said job by job. */
import { describe, expect, it } from '@jest/globals';
import {
  decisiveRow,
  differ,
  differenceKinds,
  type Difference,
  type DifferenceKind,
} from './difference.js';
import { GrowingColumns } from './job-columns.js';
import { BuildPlaces, sheetOf, type JobSheet } from './job-sheet.js';
import { emptyWords, type JobWords } from './job-words.js';
import { maintainersOf, narrow } from './narrow.js';
import { foreignInputs, rootCauses, type Link } from './root-causes.js';
import { standingOf, statusCode, type SheetStatus } from './standing.js';

interface Told {
  readonly name: string;
  readonly status: SheetStatus;
  readonly system?: string;
  readonly build?: number;
  readonly failedInput?: number;
  readonly maintainers?: string;
  readonly reason?: string;
}

function sheet(words: JobWords, told: readonly Told[], evaluation = 1): JobSheet {
  const jobs = new GrowingColumns();
  for (const [at, one] of told.entries()) {
    jobs.add({
      job: at + 1,
      name: nameId(words, one.name),
      system: words.systems.code(one.system ?? 'x86_64-linux'),
      build: one.build ?? at + 1,
      status: statusCode(one.status),
      reason: words.reasons.code(one.reason ?? null),
      failedInput: one.failedInput ?? 0,
      maintainers: words.maintainers.code(one.maintainers ?? null),
    });
  }
  return sheetOf(evaluation, jobs.all(), words);
}

function nameId(words: JobWords, name: string): number {
  for (let id = 1; id <= words.names.last; id += 1) if (words.names.word(id) === name) return id;
  words.names.add(words.names.last + 1, name);
  return words.names.last;
}

function kindsOf(newer: JobSheet, difference: Difference): Record<string, DifferenceKind> {
  const told: Record<string, DifferenceKind> = {};
  for (let row = 0; row < newer.size; row += 1) {
    const kind = differenceKinds[difference.kinds[row]!];
    if (kind) told[newer.words.names.word(newer.names[row]!)] = kind;
  }
  return told;
}

describe('the difference of two evaluations', () => {
  const words = emptyWords();
  const older = sheet(words, [
    { name: 'broke', status: 'succeeded' },
    { name: 'mended', status: 'failed-dependency' },
    { name: 'bad', status: 'failed' },
    { name: 'gone', status: 'succeeded' },
    { name: 'cut', status: 'canceled' },
    { name: 'late', status: 'succeeded' },
    { name: 'lost', status: 'succeeded' },
    { name: 'good', status: 'started' },
  ]);
  const newer = sheet(words, [
    { name: 'good', status: 'succeeded' },
    { name: 'lost', status: 'failed-other' },
    { name: 'late', status: 'started' },
    { name: 'cut', status: 'failed' },
    { name: 'fresh', status: 'failed' },
    { name: 'young', status: 'scheduled' },
    { name: 'bad', status: 'error' },
    { name: 'mended', status: 'succeeded' },
    { name: 'broke', status: 'failed-dependency' },
  ]);

  it('tells each job once, by what it was and what it is', () => {
    const difference = differ(newer, older, true);
    expect(kindsOf(newer, difference)).toEqual({
      bad: 'still-failing',
      broke: 'newly-failing',
      cut: 'failing',
      fresh: 'new',
      good: 'succeeding',
      late: 'waiting',
      lost: 'undone',
      mended: 'newly-succeeding',
      young: 'new',
    });
    expect([...difference.removed].map((row) => words.names.word(older.names[row]!))).toEqual([
      'gone',
    ]);
    expect(difference).toMatchObject({ jobs: 9, good: 2, waiting: 2 });
    expect(difference.counts).toMatchObject({ new: 2, removed: 1, waiting: 1 });
  });

  it('is nothing but standings where there is nothing to compare with', () => {
    expect(Object.values(kindsOf(newer, differ(newer, null, true))).sort()).toEqual(
      ['failing', 'failing', 'failing', 'failing', 'succeeding', 'succeeding']
        .concat('undone', 'waiting', 'waiting')
        .sort(),
    );
  });

  it('calls nothing removed before the evaluation was read to its end', () => {
    expect(differ(newer, older, false).counts.removed).toBe(0);
  });

  it('judges packages of one name and system together', () => {
    const twice = (first: SheetStatus, second: SheetStatus) =>
      sheet(words, [
        { name: 'twin', status: first, build: 1 },
        { name: 'twin', status: second, build: 2 },
      ]);
    const kind = (a: JobSheet, b: JobSheet) => kindsOf(a, differ(a, b, true))['twin'];
    const mixed = twice('succeeded', 'failed');
    const fine = twice('succeeded', 'succeeded');
    expect(kind(mixed, fine)).toBe('newly-failing');
    expect(kind(mixed, mixed)).toBe('still-failing');
    expect(kind(fine, mixed)).toBe('newly-succeeding');
    expect(kind(twice('failed', 'scheduled'), fine)).toBe('waiting');
    const difference = differ(mixed, fine, true);
    expect([0, 1].map((row) => decisiveRow(mixed, difference, row))).toEqual([1, 1]);
  });

  it('agrees with a plain reading of many random evaluations', () => {
    const statuses: SheetStatus[] = ['succeeded', 'failed', 'scheduled', 'canceled', 'error'];
    for (let round = 1; round <= 60; round += 1) {
      const random = chance(round);
      const make = (): Told[] =>
        Array.from({ length: 30 }, () => ({
          name: `job-${random(12)}`,
          system: `system-${random(2)}`,
          status: statuses[random(statuses.length)]!,
        }));
      const [before, now] = [make(), make()];
      const many = emptyWords();
      const result = differ(sheet(many, now), sheet(many, before), true);
      const plain = plainly(now, before);
      expect(result.counts).toMatchObject(plain);
    }
  });
});

/** Counts by kind, the slow way. */
function plainly(now: readonly Told[], before: readonly Told[]): Record<string, number> {
  const counts: Record<string, number> = {};
  const [a, b] = [standingsOf(now), standingsOf(before)];
  const add = (kind: DifferenceKind) => (counts[kind] = (counts[kind] ?? 0) + 1);
  for (const key of b.keys()) if (!a.has(key)) add('removed');
  for (const [key, standing] of a) {
    const then = b.get(key);
    if (then === undefined) add('new');
    else if (standing === 'waiting' || standing === 'undone') add(standing);
    else if (standing === 'good') add(then === 'bad' ? 'newly-succeeding' : 'succeeding');
    else if (then === 'good') add('newly-failing');
    else add(then === 'bad' ? 'still-failing' : 'failing');
  }
  return counts;
}

function standingsOf(told: readonly Told[]) {
  const order = ['good', 'undone', 'bad', 'waiting'];
  const worst = new Map<string, ReturnType<typeof standingOf>>();
  for (const { name, system, status } of told) {
    const key = `${name} ${system}`;
    const [was, is] = [worst.get(key), standingOf(status)];
    if (was === undefined || order.indexOf(is) > order.indexOf(was)) worst.set(key, is);
  }
  return worst;
}

function chance(seed: number): (below: number) => number {
  let state = seed * 2654435761;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

describe('root causes', () => {
  const words = emptyWords();
  const here = sheet(words, [
    { name: 'a', build: 1, status: 'failed', reason: 'timed-out' },
    { name: 'b', build: 2, status: 'failed-dependency', failedInput: 1 },
    { name: 'c', build: 3, status: 'failed-dependency', failedInput: 2 },
    { name: 'd', build: 4, status: 'failed-dependency', failedInput: 90 },
    { name: 'e', build: 5, status: 'failed-dependency', failedInput: 91 },
    { name: 'f', build: 6, status: 'failed-dependency' },
    { name: 'g', build: 7, status: 'failed' },
    { name: 'h', build: 8, status: 'failed-dependency', failedInput: 92 },
    { name: 'i', build: 9, status: 'succeeded' },
    { name: 'j', build: 10, status: 'failed-dependency', failedInput: 3 },
  ]);
  const links = new Map<number, Link>([
    [90, { status: statusCode('failed-dependency'), failedInput: 91 }],
    [91, { status: statusCode('failed'), failedInput: 0 }],
  ]);

  it('are found along failed inputs, jobs or not, and ranked by what they block', () => {
    const told = rootCauses(here, links).map(({ build, blocked, row }) => ({
      build,
      row,
      blocked: blocked.map((at) => words.names.word(here.names[at]!)),
    }));
    expect(told).toEqual([
      { build: 1, row: 0, blocked: ['b', 'c', 'j'] },
      { build: 91, row: -1, blocked: ['d', 'e'] },
      { build: 0, row: -1, blocked: ['f'] },
      { build: 92, row: -1, blocked: ['h'] },
      { build: 7, row: 6, blocked: [] },
    ]);
  });

  it('ask of inputs that are no jobs here', () => {
    const places = new BuildPlaces(here);
    expect(foreignInputs(here, (build) => places.has(build)).sort()).toEqual([90, 91, 92]);
  });

  it('end where inputs go in a circle', () => {
    const circle = sheet(emptyWords(), [
      { name: 'a', build: 1, status: 'failed-dependency', failedInput: 2 },
      { name: 'b', build: 2, status: 'failed-dependency', failedInput: 1 },
    ]);
    expect(rootCauses(circle, new Map())).toMatchObject([{ build: 0, blocked: [0, 1] }]);
  });
});

describe('the places of builds in a sheet', () => {
  it('are found for a build that is several jobs, and what became of it is set in all', () => {
    const words = emptyWords();
    const here = sheet(words, [
      { name: 'a', build: 7, status: 'scheduled' },
      { name: 'b', build: 3, status: 'error' },
      { name: 'c', build: 7, status: 'scheduled' },
    ]);
    const places = new BuildPlaces(here);
    expect([places.has(3), places.has(4), places.has(8)]).toEqual([true, false, false]);
    const now = { status: statusCode('failed'), reason: 0, failedInput: 0 };
    expect(places.set(7, now)).toBe(true);
    expect(places.set(7, now)).toBe(false);
    expect([...here.statuses]).toEqual(
      ['failed', 'error', 'failed'].map((s) => statusCode(s as SheetStatus)),
    );
    expect(here.version).toBe(1);
  });
});

describe('jobs that are asked for', () => {
  const words = emptyWords();
  const newer = sheet(words, [
    { name: 'Python-numpy', status: 'failed', reason: 'timed-out', maintainers: '["Ann"]' },
    { name: 'python-scipy', status: 'succeeded', system: 'i686-linux' },
    { name: 'gcc', status: 'scheduled', maintainers: '[{"github":"bob","email":"b@x.org"}]' },
  ]);
  const difference = differ(newer, null, true);
  const find = (narrowing: Parameters<typeof narrow>[2]) =>
    [...narrow({ newer, older: null }, difference, narrowing)].map((row) =>
      words.names.word(newer.names[row]!),
    );

  it('are those of a name, a system, a status, a reason, a kind, a maintainer', () => {
    expect(find({})).toEqual(['Python-numpy', 'gcc', 'python-scipy']);
    expect(find({ name: 'PYTHON -numpy' })).toEqual(['python-scipy']);
    expect(find({ name: 'py sci' })).toEqual(['python-scipy']);
    expect(find({ system: 'i686-linux' })).toEqual(['python-scipy']);
    expect(find({ system: 'nowhere' })).toEqual([]);
    expect(find({ status: 'failed', reason: 'timed-out' })).toEqual(['Python-numpy']);
    expect(find({ kind: 'waiting' })).toEqual(['gcc']);
    expect(find({ maintainer: 'ann' })).toEqual(['Python-numpy']);
    expect(find({ maintainer: 'B@X' })).toEqual(['gcc']);
    expect(find({ kind: 'removed' })).toEqual([]);
  });

  it('are kept for who asks alike, until one of them ends', () => {
    const before = narrow({ newer, older: null }, difference, { status: 'scheduled' });
    expect(narrow({ newer, older: null }, difference, { status: 'scheduled' })).toBe(before);
    new BuildPlaces(newer).set(3, { status: statusCode('failed'), reason: 0, failedInput: 0 });
    expect(find({ status: 'scheduled' })).toEqual([]);
    expect(find({ status: 'failed' })).toEqual(['Python-numpy', 'gcc']);
  });

  it('are in the order of their names, whenever those were told', () => {
    const told = ['m', 'c', 'z', 'a', 'x', 'b', 'y'];
    const { names } = emptyWords();
    for (const [at, name] of told.entries()) {
      names.add(10 * (at + 1), name);
      if (at % 3 === 0) names.order();
    }
    const ranks = names.order();
    const ids = told.map((_, at) => 10 * (at + 1)).sort((a, b) => ranks[a]! - ranks[b]!);
    expect(ids.map((id) => names.word(id))).toEqual(told.toSorted());
    expect([names.has(5), names.has(10), names.has(999)]).toEqual([false, true, false]);
  });

  it('are maintained by whom Nix says, in any of its ways', () => {
    expect(maintainersOf('')).toEqual([]);
    expect(maintainersOf('["a", {"name": "B", "github": "bb"}, 3, {}, null]')).toEqual([
      'a',
      'bb B',
    ]);
    expect(maintainersOf('"one"')).toEqual(['one']);
  });
});
