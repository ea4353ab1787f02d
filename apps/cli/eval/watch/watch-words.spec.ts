/** What `gambeson eval watch` shows: the tree, and one line an event. */
import { describe, expect, it } from '@jest/globals';
import type { JobAnswer } from '#client/generated/evaluations.js';
import type { EvaluationAnswer } from '#client/generated/shared.js';
import { widthOf } from '../../tell/columns.js';
import { happeningsOf, lineOf } from './happenings.js';
import { Picture } from './picture.js';
import type { Failure, Running, Snapshot } from './snapshot.js';
import { clock, pictureOf } from './tree.js';

const now = new Date('2026-11-21T12:00:00Z');
const ago = (seconds: number): string => new Date(now.getTime() - seconds * 1000).toISOString();
const look = { colour: false, moving: true, shapes: true, columns: 100, rows: 30 };

const evaluation: EvaluationAnswer = {
  ...{ id: '12', specification: { id: '1', name: 'packages' }, specificationVersion: 1, try: 1 },
  ...{ trigger: 'poll', status: 'succeeded', reason: null, message: null, startedAt: ago(90) },
  ...{ endedAt: ago(80), canceledAt: null, cancelReason: null, prunedAt: null, checkouts: [] },
  ...{ jobCount: 9, errorCount: 0, derivationCount: 9, newBuildCount: 9 },
  jobs: { succeeded: 3, failed: 1, 'failed-dependency': 2, started: 2, scheduled: 1 },
  estimate: { startsAt: null, endsAt: ago(-125) },
};

function job(name: string, status: JobAnswer['status'], more: Partial<JobAnswer> = {}): JobAnswer {
  const plain = { reason: null, build: name.length.toString(), error: null, description: null };
  return { id: name, name, system: 'x86_64-linux', status, ...plain, endedAt: null, ...more };
}

function running(name: string, seconds: number, more: Partial<Running> = {}): Running {
  const plain = { averageSeconds: null, worker: 'one', dependents: [] };
  return { job: job(name, 'started'), startedAt: ago(seconds), ...plain, ...more };
}

function failure(name: string, blocks: number): Failure {
  const examples = Array.from({ length: Math.min(blocks, 3) }, (_, at) => `${name}-user-${at}`);
  return { job: job(name, 'failed', { reason: 'builder-failed' }), blocks, examples };
}

const snapshot: Snapshot = {
  evaluation,
  waiting: null,
  failures: [failure('libfoo', 2)],
  running: [
    running('slow', 41, { averageSeconds: 80, dependents: ['after-slow'] }),
    running('quick', 3),
  ],
};

describe('the tree of an evaluation', () => {
  it('shows what failed with what it blocks, what runs with its usual time, and the totals', () => {
    expect(pictureOf(snapshot, look, now)).toEqual([
      'evaluation 12 of packages',
      '├─ ✖ libfoo x86_64-linux (build 6) failed: builder-failed',
      '│  └─ blocks 2 jobs: libfoo-user-0, libfoo-user-1',
      '├─ ▶ slow x86_64-linux 0:41 of about 1:20 on one',
      '│  └─ after-slow wait for it',
      '└─ ▶ quick x86_64-linux 0:03 on one',
      '6 of 9 done; 3 of 9 succeeded, 1 failed, 2 failed by an input, 2 building, 1 waiting; ' +
        'about 2 min 5…',
    ]);
  });

  it('takes a third of the height, and still shows both failed and running', () => {
    const many: Snapshot = {
      evaluation,
      waiting: null,
      failures: Array.from({ length: 500 }, (_, at) => failure(`bad-${at}`, 500 - at)),
      running: Array.from({ length: 64 }, (_, at) => running(`run-${at}`, at)),
    };
    for (const rows of [10, 24, 50, 200]) {
      const lines = pictureOf(many, { ...look, rows }, now);
      expect(lines.length).toBeLessThanOrEqual(Math.max(8, rows / 3 + 2));
      expect(lines.join('\n')).toMatch(/✖ bad-0 /);
      expect(lines.join('\n')).toMatch(/▶ run-63 /);
      expect(lines.join('\n')).toMatch(/… and \d+ more failures/);
      expect(lines.join('\n')).toMatch(/… and \d+ more running builds/);
    }
  });

  it('is never wider than the terminal, and steers it nowhere', () => {
    const hostile = running('\u001b[2J\u0007name'.repeat(20), 5, { dependents: ['a\nb'] });
    for (const columns of [20, 40, 80]) {
      const lines = pictureOf({ ...snapshot, running: [hostile] }, { ...look, columns }, now);
      for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(columns);
      // eslint-disable-next-line no-control-regex
      expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
    }
  });

  it('does with ASCII where the locale has no more', () => {
    const text = pictureOf(snapshot, { ...look, shapes: false }, now)
      .slice(0, -1)
      .join('\n');
    // eslint-disable-next-line no-control-regex
    expect(text).toMatch(/^[\u0000-\u007f]*$/);
    expect(text).toContain('+- x libfoo');
  });

  it.each([
    [0, '0:00'],
    [7, '0:07'],
    [754, '12:34'],
    [3723, '1:02:03'],
  ])('tells %d seconds as %s', (seconds, text) => {
    expect(clock(seconds)).toBe(text);
  });

  it('is written over itself, line by line', () => {
    const written: string[] = [];
    const picture = new Picture({ write: (text) => written.push(text) });
    picture.draw(['a', 'b', 'c']);
    picture.draw(['a', 'b', 'c']);
    picture.draw(['d']);
    expect(written).toEqual([
      '\ra\u001b[K\nb\u001b[K\nc\u001b[K\n',
      '\u001b[3A\rd\u001b[K\n\u001b[J',
    ]);
  });
});

describe('the lines of an evaluation', () => {
  const lines = (parts: Parameters<typeof happeningsOf>[0]): string[] =>
    happeningsOf(parts).map((one) => lineOf(one, now).slice(9));

  it('begin with how it stands', () => {
    expect(lines({ before: null, after: snapshot, ended: [], now })).toEqual([
      'watching evaluation 12: 3 of 9 succeeded, 1 failed, 2 failed by an input, 2 building, ' +
        '1 waiting; about 2 min 5 s left',
      'started slow x86_64-linux (build 4)',
      'started quick x86_64-linux (build 5)',
      'failed libfoo x86_64-linux (build 6): builder-failed',
    ]);
  });

  it('tell each thing that happens once', () => {
    const after: Snapshot = {
      evaluation: {
        ...evaluation,
        jobs: { ...evaluation.jobs, started: 1, failed: 2 },
        estimate: null,
      },
      waiting: null,
      failures: [...snapshot.failures, failure('quick', 0)],
      running: [snapshot.running[0]!],
    };
    const ended = [job('quick', 'failed', { reason: 'timed-out', endedAt: ago(1) })];
    expect(lines({ before: snapshot, after, ended, now })).toEqual([
      'failed quick x86_64-linux (build 5) in 2 s: timed-out',
      '7 of 9 done; 3 of 9 succeeded, 2 failed, 2 failed by an input, 1 building, 1 waiting',
    ]);
    expect(lines({ before: after, after, ended: [], now })).toEqual([]);
  });

  it('say why nothing runs, once for each reason', () => {
    const firmware = job('firmware', 'scheduled', { build: '11', system: 'riscv64-linux' });
    const sentence = 'No worker builds for riscv64-linux.';
    const idle: Snapshot = { ...snapshot, running: [], waiting: { job: firmware, sentence } };
    const line = `waiting firmware riscv64-linux (build 11): ${sentence}`;
    expect(lines({ before: snapshot, after: idle, ended: [], now })).toEqual([line]);
    expect(lines({ before: idle, after: idle, ended: [], now })).toEqual([]);
    expect(pictureOf(idle, look, now)).toContain(
      `└─ ⏳ firmware riscv64-linux (build 11) waits: ${sentence}`,
    );
  });

  it('end with the verdict', () => {
    const over = { ...snapshot, running: [], failures: [] };
    const good = { ...over, evaluation: { ...evaluation, jobs: { succeeded: 9 } } };
    expect(happeningsOf({ before: good, after: good, ended: [], now })).toEqual([
      { event: 'verdict', evaluation: '12', well: true, verdict: expect.stringContaining('All 9') },
    ]);
    const bad = { ...over, evaluation: { ...evaluation, jobs: { succeeded: 8, canceled: 1 } } };
    expect(happeningsOf({ before: bad, after: bad, ended: [], now })).toMatchObject([
      { event: 'verdict', well: false },
    ]);
  });
});
