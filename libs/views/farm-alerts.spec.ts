import { describe, expect, it } from '@jest/globals';
import type { SpecificationAnswer } from '#protocol/api/specification.js';
import type { QueueCount } from '#protocol/api/queue.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { farmAlerts } from './farm-alerts.js';

const queue: QueueCount = {
  ...{
    scheduled: 0,
    submitted: 0,
    started: 0,
    bySystem: [],
    byClass: [],
    byReason: [],
    byPriority: [],
  },
};
const worker = (name: string, state: WorkerAnswer['state']): WorkerAnswer =>
  ({ name, state, refusal: null, lastSeenAt: '2026-11-20T12:00:00.000Z' }) as WorkerAnswer;
const specification = (more: object): SpecificationAnswer =>
  ({ name: 'demo', channels: [], lastEvaluation: null, ...more }) as never;

function sentences(facts: Partial<Parameters<typeof farmAlerts>[0]>): string[] {
  const all = farmAlerts({ specifications: [], queue, workers: [], ...facts });
  return all.map(({ sentence }) => sentence);
}

describe('what wants a look', () => {
  it('is nothing on a farm that does well', () => {
    const workers = [worker('one', 'connected'), worker('two', 'draining')];
    expect(sentences({ workers, specifications: [specification({})] })).toEqual([]);
  });

  it('is a worker that is gone, by name while it is one', () => {
    expect(sentences({ workers: [worker('one', 'offline')] })).toEqual(['Worker one is gone.']);
    const workers = ['a', 'b', 'c'].map((name) => worker(name, 'disk-guard'));
    expect(sentences({ workers })).toEqual(['3 workers are short of disk, and take no builds.']);
  });

  it('is a farm that builds nothing while it could', () => {
    const byReason = [
      { reason: 'all-busy', builds: 4 },
      { reason: 'inputs-unfinished', builds: 9 },
    ];
    const workers = [worker('one', 'connected')];
    expect(sentences({ queue: { ...queue, byReason }, workers })).toEqual([
      'Nothing is being built, though 4 builds could be.',
    ]);
    expect(sentences({ queue: { ...queue, byReason, started: 1 }, workers })).toEqual([]);
    expect(sentences({ queue: { ...queue, byReason } })).toEqual([]);
  });

  it('is a build that nobody can build, a channel that fails, and an unread evaluation', () => {
    const byReason = [{ reason: 'no-worker-for-system', builds: 1 }];
    const error = { code: 'unknown-branch', message: 'x', since: null, failures: 3 };
    const lastEvaluation = { id: '7', status: 'failed', reason: 'timeout', endedAt: null };
    const one = specification({ channels: [{ name: 'main', error }], lastEvaluation });
    expect(sentences({ queue: { ...queue, byReason }, specifications: [one] })).toEqual([
      '1 build waits for a system that no worker builds for.',
      'demo: channel main cannot be fetched (unknown-branch, 3 times in a row).',
      'demo: evaluation 7 could not be read (timeout).',
    ]);
  });
});
