import { describe, expect, it } from '@jest/globals';
import { estimateEmpty } from './empty-estimate.js';

function system(name: string, reasons: Readonly<Record<string, number>>) {
  const scheduled = Object.values(reasons).reduce((sum, one) => sum + one, 0);
  const oldestScheduledAt = null;
  const told = Object.entries(reasons).map(([reason, builds]) => ({ reason, builds }));
  return {
    bySystem: { system: name, scheduled, submitted: 0, started: 0, oldestScheduledAt },
    byPriority: { system: name, priority: 9, scheduled, oldestScheduledAt, reasons: told },
  };
}

describe('when the queue is empty', () => {
  it('is told by system, with what waits for a worker that is not there', () => {
    const rows = [
      system('i686-linux', { 'all-busy': 3 }),
      system('riscv64-linux', { 'no-worker-for-system': 2 }),
      system('x86_64-linux', { 'inputs-unfinished': 5, 'no-worker-for-features': 1 }),
    ];
    const counts = {
      bySystem: rows.map((row) => row.bySystem),
      byPriority: rows.map((row) => row.byPriority),
    };
    const drains = [
      { system: 'i686-linux', endsAt: 1000 },
      { system: 'x86_64-linux', endsAt: 9000 },
      { system: 'riscv64-linux', endsAt: null },
    ];
    expect(estimateEmpty(counts, drains)).toEqual({
      ...{ emptyAt: '1970-01-01T00:00:09.000Z', withoutWorker: 3 },
      bySystem: [
        { system: 'i686-linux', emptyAt: '1970-01-01T00:00:01.000Z', withoutWorker: 0 },
        { system: 'riscv64-linux', emptyAt: null, withoutWorker: 2 },
        { system: 'x86_64-linux', emptyAt: '1970-01-01T00:00:09.000Z', withoutWorker: 1 },
      ],
    });
  });

  it('is not known where nothing can be built', () => {
    const { bySystem, byPriority } = system('x86_64-linux', { 'workers-offline': 7 });
    const told = estimateEmpty({ bySystem: [bySystem], byPriority: [byPriority] }, []);
    expect(told).toMatchObject({ emptyAt: null, withoutWorker: 7 });
  });
});
