/** A worker dies in mid-build: the build goes on elsewhere, and nobody calls it failed. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ScenarioFarm } from '#testkit/scenario-farm.js';

let farm: ScenarioFarm;

beforeAll(async () => {
  farm = await ScenarioFarm.start({ workers: 2, maxJobs: 1 });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

describe('a worker that is killed in mid-build', () => {
  it('loses the build to another worker, and the farm takes the blame', async () => {
    const channel = await farm.newChannel();
    await channel.commitRecipes([
      { name: 'long', script: 'echo begun\nsleep 12\nmkdir "$out"\necho whole > "$out/story"\n' },
    ]);
    await farm.watch('lost', channel);
    const { id } = await farm.evaluated('lost', 1);
    const running = await farm.running(id, 'long');
    const worker = running.attempts[0]!.worker.name;
    process.kill(farm.pids.get(worker)!, 'SIGKILL');

    const job = (await farm.settled(id)).get('long')!;
    expect(job.status).toBe('succeeded');
    const build = await farm.build(job.build!);
    const told = [...build.attempts]
      .sort((a, b) => a.number - b.number)
      .map((one) => [one.status, one.reason, one.worker.name === worker]);
    expect(told).toEqual([
      ['failed-other', 'worker-lost', true],
      ['succeeded', null, false],
    ]);
  }, 180_000);
});
