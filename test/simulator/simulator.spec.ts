/** Seeds of the simulator: some in every run, 2,000 in the full one, the kept ones always. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FakeFarm } from '#testkit/fakes/farm.js';
import { runSeed } from './run-seed.js';

const isFull = process.env['GAMBESON_TEST_FULL'] === '1';
const seedsAtOnce = 100;
const seeds = isFull ? 2000 : 40;
const patience = isFull ? 300_000 : 60_000;
const { kept } = JSON.parse(
  readFileSync(join(process.cwd(), 'test', 'simulator', 'kept-seeds.json'), 'utf8'),
) as { kept: { seed: number; sentence: string }[] };

/** Seed → the promise that it breaks, with the command that runs it again. */
async function brokenOf(first: number, count: number): Promise<string[]> {
  const broken: string[] = [];
  for (let seed = first; seed < first + count; seed += 1) {
    const result = await runSeed({ seed, subject: new FakeFarm() });
    if (!result.broken) continue;
    const again = `npm run simulate -- --seed ${seed} --seeds 1 --trace`;
    broken.push(`${result.broken.message} (${again})`);
  }
  return broken;
}

describe('a farm under faults', () => {
  for (let first = 1; first <= seeds; first += seedsAtOnce) {
    const count = Math.min(seedsAtOnce, seeds - first + 1);
    it(
      `keeps its promises in the seeds from ${first} to ${first + count - 1}`,
      async () => {
        expect(await brokenOf(first, count)).toEqual([]);
      },
      patience,
    );
  }

  it.each(kept)('keeps them in seed $seed: $sentence', async ({ seed }) => {
    expect(await brokenOf(seed, 1)).toEqual([]);
  });

  it('lives the same life twice from the same seed', async () => {
    const lives = [new FakeFarm(), new FakeFarm()].map((subject) =>
      runSeed({ seed: 3, subject, keepTrace: true }),
    );
    const [one, other] = await Promise.all(lives);
    expect(one!.trace.length).toBeGreaterThan(100);
    expect(other!.trace).toEqual(one!.trace);
  });
});
