import { describe, expect, it } from '@jest/globals';
import { id, type BuildId, type SpecificationId } from '../ids.js';
import { reasonWithLimit, sentenceOfWait, waitReason, type WaitFacts } from './wait-reason.js';
import type { WorkerState } from './worker-state.js';

const worker: WorkerState = {
  systems: ['x86_64-linux'],
  features: ['kvm'],
  speed: 1,
  slots: 2,
  connected: true,
  paused: false,
  draining: false,
};

function facts(more: Partial<WaitFacts> = {}): WaitFacts {
  return {
    demand: { system: 'x86_64-linux', requiredFeatures: [] },
    inputs: [],
    notBefore: null,
    releaseExpiresAt: null,
    workerClass: null,
    workers: [worker],
    now: 1000,
    ...more,
  };
}

const input = (build: number, status: WaitFacts['inputs'][number]['status']) => ({
  build: id<BuildId>(build),
  status,
});

describe('the reason of a wait', () => {
  it.each<[string, Partial<WaitFacts>, object]>([
    [
      'inputs that build',
      { inputs: [input(4, 'started')] },
      { kind: 'inputs-unfinished', inputs: [4] },
    ],
    [
      'an input that failed, before those that build',
      { inputs: [input(4, 'started'), input(5, 'failed')] },
      { kind: 'input-failed', inputs: [5] },
    ],
    [
      'an input that was canceled',
      { inputs: [input(6, 'canceled')] },
      { kind: 'input-canceled', inputs: [6] },
    ],
    ['backing off', { notBefore: 2000 }, { kind: 'backing-off', until: 2000 }],
    ['nothing more after backing off', { notBefore: 999 }, { kind: 'all-busy' }],
    [
      'a ticket that is out',
      { releaseExpiresAt: 1001, workerClass: 'c' },
      { kind: 'released', workerClass: 'c' },
    ],
    ['a ticket that expired', { releaseExpiresAt: 999, workerClass: 'c' }, { kind: 'all-busy' }],
    [
      'no workers at all',
      { workers: [] },
      { kind: 'no-worker-for-system', system: 'x86_64-linux' },
    ],
    [
      'a feature that nobody has',
      { demand: { system: 'x86_64-linux', requiredFeatures: ['kvm', 'gpu'] } },
      { kind: 'no-worker-for-features', features: ['kvm', 'gpu'] },
    ],
    ['a paused worker', { workers: [{ ...worker, paused: true }] }, { kind: 'workers-paused' }],
    [
      'a worker short of disk',
      { workers: [{ ...worker, diskGuard: true }] },
      { kind: 'disk-guard' },
    ],
    ['a draining worker', { workers: [{ ...worker, draining: true }] }, { kind: 'workers-paused' }],
    [
      'an absent worker',
      { workers: [{ ...worker, connected: false }] },
      { kind: 'workers-offline' },
    ],
    [
      'a worker that lost it, while the others are busy',
      { workers: [{ ...worker, avoided: true }, worker] },
      { kind: 'avoiding-workers' },
    ],
    [
      'a worker that lost it and is alone: it gets it again',
      { workers: [{ ...worker, avoided: true }] },
      { kind: 'all-busy' },
    ],
    [
      'a ticket out for a worker that has left',
      { workers: [{ ...worker, connected: false }], releaseExpiresAt: 2000, workerClass: 'c' },
      { kind: 'workers-offline' },
    ],
  ])('tells of %s', (_, more, expected) => {
    const reason = waitReason(facts(more));
    expect(reason).toEqual(expected);
    expect(sentenceOfWait(reason)).toMatch(/^[A-Z].*\.$/);
  });

  it('is a limit of its specification only where nothing else holds it', () => {
    const limited = id<SpecificationId>(3);
    expect(reasonWithLimit({ kind: 'all-busy' }, limited)).toEqual({
      kind: 'limit',
      specification: 3,
    });
    expect(reasonWithLimit({ kind: 'workers-offline' }, limited).kind).toBe('workers-offline');
    expect(reasonWithLimit({ kind: 'all-busy' }, null).kind).toBe('all-busy');
  });
});
