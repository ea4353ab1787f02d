/**
 * A cancel in a whole farm of real processes: the builder dies with everything it has started, and
 * what another specification needs goes on. Needs `npm run build` before it.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { eventually } from '#testkit/eventually.js';
import { ScenarioFarm } from '#testkit/scenario-farm.js';

let farm: ScenarioFarm;

beforeAll(async () => {
  farm = await ScenarioFarm.start({ workers: 1, maxJobs: 2, leaseSeconds: 30 });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

/** Whether any process of this machine was started with these words. */
function runs(words: string): boolean {
  return readdirSync('/proc').some((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      return line === words;
    } catch {
      return false;
    }
  });
}

describe('an evaluation that is canceled in mid-build', () => {
  it('kills its builders with all they started within 5 s, and no other builder', async () => {
    const [mine, theirs] = [await farm.newChannel('mine'), await farm.newChannel('theirs')];
    // Children in the background, one of them in a session of its own.
    await mine.commitRecipes([
      { name: 'mine', script: 'sleep 7201 &\n(sleep 7202; true) &\nsleep 7203\n' },
    ]);
    await theirs.commitRecipes([{ name: 'theirs', script: 'sleep 7204\n' }]);
    await farm.watch('mine', mine);
    await farm.watch('theirs', theirs);
    const evaluation = await farm.evaluated('mine', 1);
    const build = await farm.running(evaluation.id, 'mine');
    const other = await farm.running((await farm.evaluated('theirs', 1)).id, 'theirs');
    const sleeps = ['sleep 7201', 'sleep 7202', 'sleep 7203'];
    await eventually('the builders to run', () => [...sleeps, 'sleep 7204'].every(runs));

    const begun = performance.now();
    await farm.send('POST', `/api/v1/evaluations/${evaluation.id}/cancel`);
    await eventually('the builders to be gone', () => !sleeps.some(runs), 5000);
    const killed = performance.now() - begun;
    process.stdout.write(`cancel: all processes gone after ${killed.toFixed(0)} ms\n`);

    expect((await farm.settled(evaluation.id)).get('mine')?.status).toBe('canceled');
    expect((await farm.build(build.id)).attempts.map((one) => one.status)).toEqual(['canceled']);
    expect([(await farm.build(other.id)).status, runs('sleep 7204')]).toEqual(['started', true]);
    await farm.send('POST', `/api/v1/builds/${other.id}/cancel`);
    await eventually('the other builder to be gone', () => !runs('sleep 7204'), 5000);
  }, 120_000);
});
