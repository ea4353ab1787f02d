import { describe, expect, it } from '@jest/globals';
import { evaluationsToPrune, type EvaluationAge } from './kept-evaluations.js';

const day = 86_400;
const policy = { keep: 2, ttlSeconds: 90 * day, archived: false };

function evaluation(id: number, more: Partial<EvaluationAge> = {}): EvaluationAge {
  return {
    id,
    status: 'succeeded',
    canceled: false,
    endedAgo: (200 - id) * day,
    released: false,
    ...more,
  };
}

describe('evaluations that may go', () => {
  it('are older than the promise and not among the last good ones', () => {
    const all = [1, 2, 3, 4].map((id) => evaluation(id));
    expect(evaluationsToPrune(all, policy)).toEqual([2, 1]);
  });

  it('are none while the promise lasts', () => {
    const all = [1, 2, 3, 4].map((id) => evaluation(id, { endedAgo: 90 * day - 1 }));
    expect(evaluationsToPrune(all, policy)).toEqual([]);
  });

  it('are not counted as good when they failed or were canceled, and the newest stays', () => {
    const all = [
      evaluation(1),
      evaluation(2),
      evaluation(3, { canceled: true }),
      evaluation(4, { status: 'failed' }),
      evaluation(5, { status: 'failed' }),
    ];
    expect(evaluationsToPrune(all, policy)).toEqual([4, 3]);
  });

  it('are never those that are released or still read', () => {
    const all = [
      evaluation(1, { released: true }),
      evaluation(2, { status: 'started', endedAgo: null }),
      ...[3, 4, 5].map((id) => evaluation(id)),
    ];
    expect(evaluationsToPrune(all, policy)).toEqual([3]);
  });

  it('are all old ones once the specification is archived', () => {
    const all = [1, 2, 3].map((id) => evaluation(id));
    expect(evaluationsToPrune(all, { ...policy, archived: true })).toEqual([3, 2, 1]);
  });
});
