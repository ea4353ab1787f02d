import { describe, expect, it } from '@jest/globals';
import type { QueuePlace, WaitingPart, WaitQueries } from '#adapters/postgres/wait-queries.js';
import { QueueCounts } from './queue-counts.js';

/** A queue of builds for one system, a build in each part. */
class OneByOne {
  asked = 0;
  failing = false;

  constructor(private readonly builds: number) {}

  workers = async (): Promise<[]> => [];
  running = async () => [{ system: 'aarch64-linux', submitted: 1, started: 2 }];

  groups = async (after: QueuePlace | null): Promise<WaitingPart> => {
    this.asked += 1;
    if (this.failing) throw new Error('Postgres is gone');
    const build = (after?.build ?? 0) + 1;
    const group = {
      ...{ demand: { system: 'x86_64-linux', requiredFeatures: [] }, inputs: [] },
      ...{
        workerClass: null,
        notBefore: null,
        releaseExpiresAt: null,
        now: 0,
        substituting: false,
      },
      ...{ builds: 1, priority: 9, oldest: new Date(build * 1000) },
    };
    return { groups: [group], next: build < this.builds ? { priority: 9, build } : null };
  };
}

function countsOf(queries: OneByOne): QueueCounts {
  return new QueueCounts(queries as unknown as WaitQueries);
}

describe('the counts of the queue', () => {
  it('are the sums of all its parts', async () => {
    expect(await countsOf(new OneByOne(3)).read()).toMatchObject({
      ...{ scheduled: 3, submitted: 1, started: 2 },
      bySystem: [
        { system: 'aarch64-linux', scheduled: 0, started: 2, oldestScheduledAt: null },
        { system: 'x86_64-linux', scheduled: 3, oldestScheduledAt: '1970-01-01T00:00:01.000Z' },
      ],
      byReason: [{ reason: 'no-worker-for-system', builds: 3 }],
    });
  });

  it('are made once for all who ask meanwhile, and told for a while', async () => {
    const queries = new OneByOne(2);
    const counts = countsOf(queries);
    const [one, other] = await Promise.all([counts.read(), counts.read()]);
    expect(other).toBe(one);
    expect(await counts.read()).toBe(one);
    expect(queries.asked).toBe(2);
  });

  it('are made before anybody asks where the queue is long', async () => {
    for (const [builds, asked] of [
      [999, 2 * 999],
      [1000, 1000],
    ] as const) {
      const queries = new OneByOne(builds);
      const counts = countsOf(queries);
      counts.onApplicationBootstrap();
      await counts.read();
      await counts.read();
      expect(queries.asked).toBe(asked);
    }
  });

  it('are told as failed to the first, and made again for the next', async () => {
    const queries = new OneByOne(1);
    const counts = countsOf(queries);
    queries.failing = true;
    await expect(counts.read()).rejects.toThrow('Postgres is gone');
    queries.failing = false;
    expect(await counts.read()).toMatchObject({ scheduled: 1 });
  });
});
