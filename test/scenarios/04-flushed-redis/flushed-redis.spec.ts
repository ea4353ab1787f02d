/** Redis forgets everything in mid-run, twice: all builds finish, and none is built twice. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { ScenarioFarm } from '#testkit/scenario-farm.js';

let farm: ScenarioFarm;
let redis: TestRedis;

beforeAll(async () => {
  redis = await startTestRedis();
  farm = await ScenarioFarm.start({ workers: 2, more: ['--redis-url', redis.url] });
}, 120_000);
afterAll(async () => {
  await farm?.stop();
  await redis?.stop();
}, 60_000);

describe('a Redis that is flushed while builds run', () => {
  it('costs seconds, and no build is lost or built twice', async () => {
    const channel = await farm.newChannel();
    const recipes = Array.from({ length: 40 }, (_, i) => ({
      name: `part-${i}`,
      script: `sleep 0.3\nmkdir "$out"\necho ${i} > "$out/story"\n`,
      inputs: i < 4 ? [] : [`part-${i - 4}`],
    }));
    await channel.commitRecipes(recipes);
    await farm.watch('flushed', channel);
    const { id } = await farm.evaluated('flushed', 1);
    const client = new Redis(redis.url);
    for (const reached of [5, 20]) {
      await farm.until(`${reached} builds to end`, async () => {
        const ended = (await farm.jobs(id)).filter((job) => job.status === 'succeeded');
        return ended.length >= reached ? true : null;
      });
      await client.flushall();
    }
    client.disconnect();

    const jobs = [...(await farm.settled(id)).values()];
    expect(jobs.map((job) => job.status)).toEqual(Array(40).fill('succeeded'));
    const builds = await Promise.all(jobs.map((job) => farm.build(job.build!)));
    const twice = builds.filter((build) => build.attempts.length !== 1);
    expect(twice.map((build) => build.attempts)).toEqual([]);
  }, 180_000);

  it('still polls: a hook and a new commit are heard after it', async () => {
    const channel = await farm.newChannel('later');
    await channel.commitRecipes([{ name: 'late', script: 'mkdir "$out"\n' }]);
    await farm.watch('later', channel);
    const { id } = await farm.evaluated('later', 1);
    expect((await farm.settled(id)).get('late')!.status).toBe('succeeded');
  }, 120_000);
});
