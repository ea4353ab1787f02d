/**
 * The built worker agent against the real farm, through deaths and outages: two real apis,
 * coordinator, evaluator, substituter, Postgres and Redis. Needs `npm run build` before it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RealFarm } from './worker-support/real-farm.js';
import type { WorkerProcess } from './worker-support/worker-process.js';

/** Its last third must be enough to come back in, on a machine that has much else to do. */
const leaseSeconds = 6;

describe('a worker of a real farm', () => {
  let farm: RealFarm;

  beforeAll(async () => {
    farm = await RealFarm.start({ leaseSeconds, apis: 2 });
  }, 60_000);

  afterAll(() => farm.stop(), 30_000);

  /** A build that says five lines a second for so long. */
  const steps = (name: string, seconds: number) => ({
    name,
    script: `
      i=0
      while [ $i -lt ${seconds * 5} ]; do i=$((i+1)); echo step $i; sleep 0.2; done
      echo > $out`,
  });
  const stepsLog = (seconds: number): string =>
    Array.from({ length: seconds * 5 }, (_, i) => `step ${i + 1}\n`).join('');

  async function started(name: string, seconds: number): Promise<string> {
    const builds = await farm.evaluate([steps(name, seconds)]);
    const build = builds.get(name)!;
    await farm.is(build, 'started');
    return build;
  }

  async function succeedsAtOnce(build: string, seconds: number): Promise<void> {
    const ended = await farm.is(build, 'succeeded');
    expect(ended.attempts).toMatchObject([{ number: 1, status: 'succeeded' }]);
    expect(await farm.logOf(build)).toBe(stepsLog(seconds));
  }

  async function passes(seconds: number): Promise<void> {
    const from = performance.now();
    await farm.until(`${seconds} s to pass`, async () =>
      performance.now() - from > seconds * 1000 ? true : null,
    );
  }

  async function drained(worker: WorkerProcess): Promise<void> {
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe(0);
  }

  it('that is killed in mid-build and started again goes on with the same attempt', async () => {
    const killed = await farm.worker('reborn');
    const build = await started('reborn', 4);
    killed.signal('SIGKILL');
    await killed.ended;
    const upgraded = await farm.worker('reborn');
    await succeedsAtOnce(build, 4);
    await drained(upgraded);
  }, 60_000);

  it('keeps log and result through an outage of the farm longer than a lease', async () => {
    const worker = await farm.worker('patient');
    const build = await started('outage', 2);
    await Promise.all(farm.apis.map((api) => api.end('SIGKILL')));
    await passes(leaseSeconds + 2);
    await Promise.all(farm.apis.map((api) => api.start()));
    await succeedsAtOnce(build, 2);
    await drained(worker);
  }, 60_000);

  it('goes on with another api when its own goes away', async () => {
    const addresses = farm.apis.map(({ address }) => address).join(',');
    const worker = await farm.worker('roaming', '--farm', addresses);
    const build = await started('roaming', 4);
    await farm.apis[0]!.end('SIGKILL');
    await succeedsAtOnce(build, 4);
    expect(worker.output).toContain('connected again');
    await farm.apis[0]!.start();
    await drained(worker);
  }, 60_000);

  it('leaves an api that holds the line and answers nothing', async () => {
    const addresses = farm.apis.map(({ address }) => address).join(',');
    const worker = await farm.worker('leaving', '--farm', addresses);
    const build = await started('leaving', 8);
    farm.apis[0]!.signal('SIGSTOP');
    await farm.until('another conversation', async () =>
      worker.output.includes('connected again') ? true : null,
    );
    farm.apis[0]!.signal('SIGCONT');
    await succeedsAtOnce(build, 8);
    await drained(worker);
  }, 60_000);

  it('ends what it builds when it is asked to stop, its leases kept alive', async () => {
    const worker = await farm.worker('draining', '--max-jobs', '2');
    const build = await started('draining', leaseSeconds + 3);
    worker.signal('SIGTERM');
    await farm.inState('draining', 'draining');
    const next = (await farm.evaluate([steps('after-the-drain', 1)])).get('after-the-drain')!;
    await succeedsAtOnce(build, leaseSeconds + 3);
    expect(await worker.ended).toBe(0);
    expect(worker.output).not.toContain('connected again');
    expect((await farm.build(next)).status).toBe('scheduled');
    const other = await farm.worker('other');
    await succeedsAtOnce(next, 1);
    await drained(other);
  }, 60_000);

  it('hands its builds back when it is asked twice, and another ends them', async () => {
    const worker = await farm.worker('hasty');
    const build = await started('hasty', 5);
    worker.signal('SIGTERM');
    await farm.inState('hasty', 'draining');
    worker.signal('SIGTERM');
    expect(await worker.ended).toBe(0);
    const other = await farm.worker('other');
    const ended = await farm.is(build, 'succeeded');
    expect(ended.attempts).toMatchObject([
      { number: 1, reason: 'handed-back', worker: { name: 'hasty' } },
      { number: 2, status: 'succeeded', worker: { name: 'other' } },
    ]);
    await drained(other);
  }, 60_000);
});
