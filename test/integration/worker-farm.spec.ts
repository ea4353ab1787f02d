/**
 * The built worker agent against the real farm: real api, coordinator, evaluator, substituter,
 * Postgres and Redis. Needs `npm run build` before it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RealFarm } from './worker-support/real-farm.js';

const leaseSeconds = 3;

describe('a worker of a real farm', () => {
  let farm: RealFarm;

  beforeAll(async () => {
    farm = await RealFarm.start({ leaseSeconds, apis: 2 });
  }, 60_000);

  afterAll(() => farm.stop(), 30_000);

  const steps = (name: string, seconds: number) => ({
    name,
    script: `
      i=0
      while [ $i -lt ${seconds * 5} ]; do i=$((i+1)); echo step $i; sleep 0.2; done
      echo > $out`,
  });
  const stepsLog = (seconds: number): string =>
    Array.from({ length: seconds * 5 }, (_, i) => `step ${i + 1}\n`).join('');

  it('that is killed in mid-build and started again goes on with the same attempt', async () => {
    const worker = await farm.worker('reborn');
    const builds = await farm.evaluate([steps('reborn', 4)]);
    const build = builds.get('reborn')!;
    await farm.is(build, 'started');
    worker.signal('SIGKILL');
    await worker.ended;
    await farm.worker('reborn');
    const ended = await farm.is(build, 'succeeded');
    expect(ended.attempts).toMatchObject([{ number: 1, status: 'succeeded' }]);
    expect(await farm.logOf(build)).toBe(stepsLog(4));
  }, 60_000);

  it('keeps log and result through an outage of the farm longer than a lease', async () => {
    const builds = await farm.evaluate([steps('outage', 2)]);
    const build = builds.get('outage')!;
    await farm.is(build, 'started');
    await Promise.all(farm.apis.map((api) => api.end('SIGKILL')));
    const from = performance.now();
    await farm.until('more than a lease to pass', async () =>
      performance.now() - from > (leaseSeconds + 2) * 1000 ? true : null,
    );
    await Promise.all(farm.apis.map((api) => api.start()));
    const ended = await farm.is(build, 'succeeded');
    expect(ended.attempts).toMatchObject([{ number: 1, status: 'succeeded' }]);
    expect(await farm.logOf(build)).toBe(stepsLog(2));
  }, 60_000);
});
