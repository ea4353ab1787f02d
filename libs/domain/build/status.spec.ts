import { describe, expect, it } from '@jest/globals';
import { buildStatuses, isFailed, isFinal, type BuildStatus } from './status.js';

const all = Object.keys(buildStatuses) as BuildStatus[];

describe('the build statuses', () => {
  it('lead only to statuses that exist', () => {
    for (const row of Object.values(buildStatuses)) {
      for (const next of row.next) expect(all).toContain(next);
    }
  });

  it('can each be reached from scheduled', () => {
    const reached = new Set<BuildStatus>(['scheduled']);
    for (const status of reached) {
      for (const next of buildStatuses[status].next) reached.add(next as BuildStatus);
    }
    expect([...reached].sort()).toEqual([...all].sort());
  });

  it('leave a final status only by being scheduled again', () => {
    for (const status of all.filter(isFinal)) {
      expect(buildStatuses[status].next).toEqual(['scheduled']);
    }
  });

  it('do not call a canceled build failed', () => {
    expect(all.filter(isFailed)).toEqual(['failed', 'failed-dependency', 'failed-other']);
  });
});
