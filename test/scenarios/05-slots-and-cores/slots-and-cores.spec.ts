/** max-jobs bounds what runs at once on a worker, and cores reach each build. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScenarioFarm } from '#testkit/scenario-farm.js';

let farm: ScenarioFarm;

beforeAll(async () => {
  farm = await ScenarioFarm.start({ workers: 1, maxJobs: 2, cores: 3 });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

describe('one worker with max-jobs 2 and cores 3', () => {
  it('never runs a third build at once, and every build is told of three cores', async () => {
    const channel = await farm.newChannel();
    const script = (i: number): string =>
      `echo "cores $NIX_BUILD_CORES"\nsleep 0.5\nmkdir "$out"\necho ${i} > "$out/story"\n`;
    await channel.commitRecipes(
      Array.from({ length: 8 }, (_, i) => ({ name: `part-${i}`, script: script(i) })),
    );
    await farm.watch('bounded', channel);
    const { id } = await farm.evaluated('bounded', 1);
    const jobs = [...(await farm.settled(id)).values()];
    expect(jobs.map((job) => job.status)).toEqual(Array(8).fill('succeeded'));

    const builds = await Promise.all(jobs.map((job) => farm.build(job.build!)));
    expect(atOnce(builds.map((build) => build.attempts[0]!))).toBe(2);
    for (const build of builds) {
      expect(await farm.text(`/api/v1/builds/${build.id}/log`)).toContain('cores 3\n');
    }
  }, 120_000);
});

/** The most attempts that were alive at one moment. */
function atOnce(attempts: readonly { createdAt: string; endedAt: string | null }[]): number {
  const moments = attempts.flatMap((one) => [
    { at: Date.parse(one.createdAt), change: 1 },
    { at: Date.parse(one.endedAt!), change: -1 },
  ]);
  moments.sort((a, b) => a.at - b.at || a.change - b.change);
  let alive = 0;
  return Math.max(...moments.map(({ change }) => (alive += change)));
}
