import { describe, expect, it } from '@jest/globals';
import {
  attemptStatuses,
  buildStatuses,
  isFailed,
  isFinal,
  mayBuild,
  statusesFor,
  type BuildStatus,
} from './status.js';
import { drawStatuses, transitionsOf } from '../status-table.js';

const all = Object.keys(buildStatuses) as BuildStatus[];

describe('the build statuses', () => {
  it('can each be reached from scheduled', () => {
    const reached = new Set<string>(['scheduled']);
    for (const status of reached) {
      for (const { from, to } of transitionsOf(buildStatuses)) if (from === status) reached.add(to);
    }
    expect([...reached].sort()).toEqual([...all].sort());
  });

  it('are final when only a wish leads on', () => {
    expect(all.filter((status) => !isFinal(status))).toEqual(['scheduled', 'submitted', 'started']);
  });

  it('allow a restart of what ended without success, and a cancel of what has not ended', () => {
    expect(statusesFor('restart')).toEqual([
      'failed',
      'failed-dependency',
      'failed-other',
      'canceled',
    ]);
    expect(statusesFor('cancel')).toEqual(['scheduled', 'submitted', 'started']);
    expect(mayBuild('restart', 'succeeded')).toBe(false);
  });

  it('do not call a canceled build failed', () => {
    expect(all.filter(isFailed)).toEqual(['failed', 'failed-dependency', 'failed-other']);
  });
});

describe('the attempt statuses', () => {
  it('are all those in which a build can be in the hands of a worker, or end there', () => {
    for (const status of Object.keys(attemptStatuses)) expect(all).toContain(status);
  });
});

describe('the drawing of a status table', () => {
  it('names every move with its cause', () => {
    const table = { a: { next: { 'b-c': 'wish' } }, 'b-c': { next: {} } };
    expect(drawStatuses(table, ['a']).split('\n')).toEqual([
      'stateDiagram-v2',
      '  state "b-c" as b_c',
      '  [*] --> a',
      '  a --> b_c: wish',
    ]);
  });
});
