import { describe, expect, it } from '@jest/globals';
import { restartBuild, restartEvaluation } from '#application/restart-builds.js';
import { carryOutIntents } from '#application/carry-out-intents.js';
import type { BuildId } from '#domain/ids.js';
import { freshEngines } from './fresh-engines.js';
import { LifecycleFarm } from './lifecycle-support.js';

let farm: LifecycleFarm;

freshEngines((fresh) => {
  farm = new LifecycleFarm(fresh);
});

/** A compiler that failed, and `count` builds in three layers that fell with it. */
async function fallenCompiler(count: number): Promise<{ compiler: BuildId; fallen: BuildId[] }> {
  const [compiler, ...fallen] = await farm.engine.builds(count + 1);
  const layer = Math.floor(count / 3);
  await farm.engine.edges(
    fallen.map((build, at) => [build, at < layer ? compiler! : fallen[at - layer]!]),
  );
  await farm.ended(compiler!, 'failed');
  expect(await farm.tellFailures()).toBe(count);
  return { compiler: compiler!, fallen };
}

describe('a restart after a failed compiler', () => {
  it('is answered at once, and then all 10,000 that fell with it are scheduled', async () => {
    const { compiler } = await fallenCompiler(10_000);
    const begun = performance.now();
    const answer = await restartBuild(farm.parts, compiler, true);
    const answered = performance.now() - begun;
    expect(answer).toMatchObject({ ok: true, value: { status: 'scheduled' } });
    expect(await farm.engine.statuses()).toEqual({ scheduled: 1, 'failed-dependency': 10_000 });
    await farm.carryOut();
    const scheduled = performance.now() - begun;
    process.stdout.write(
      `restart: answered after ${answered.toFixed(0)} ms, 10,000 dependents scheduled after ` +
        `${scheduled.toFixed(0)} ms\n`,
    );
    expect(await farm.engine.statuses()).toEqual({ scheduled: 10_001 });
  });

  it('forgets none when the process ends between two batches', async () => {
    const { compiler } = await fallenCompiler(10_000);
    await restartBuild(farm.parts, compiler, true);
    let batches = 0;
    const dying = Object.create(farm.intents) as typeof farm.intents;
    dying.reschedule = async (intent, builds) => {
      batches += 1;
      if (batches === 2) throw new Error('the process is gone');
      return farm.intents.reschedule(intent, builds);
    };
    await expect(carryOutIntents({ store: dying, bus: farm.bus })).rejects.toThrow('gone');
    expect(await farm.engine.statuses()).toEqual({ scheduled: 5001, 'failed-dependency': 5000 });
    expect(await farm.carryOut()).toBe(1);
    expect(await farm.engine.statuses()).toEqual({ scheduled: 10_001 });
    expect(await farm.carryOut()).toBe(0);
  });

  it('leaves them fallen when only the compiler itself is asked for', async () => {
    const { compiler } = await fallenCompiler(9);
    await restartBuild(farm.parts, compiler, false);
    await farm.carryOut();
    expect(await farm.engine.statuses()).toEqual({ scheduled: 1, 'failed-dependency': 9 });
    // The dependents may follow later, whatever has become of the compiler.
    const later = await restartBuild(farm.parts, compiler, true);
    expect(later).toMatchObject({ ok: true, value: { status: 'scheduled' } });
    await farm.carryOut();
    expect(await farm.engine.statuses()).toEqual({ scheduled: 10 });
  });

  it('leaves fallen what needs another failed build, and says which', async () => {
    const { compiler, fallen } = await fallenCompiler(9);
    const [other] = await farm.engine.builds(1);
    await farm.ended(other!, 'failed');
    await farm.engine.edges([[fallen[0]!, other!]]);
    await farm.tellFailures();
    await restartBuild(farm.parts, compiler, true);
    await farm.carryOut();
    const [one, two, three, free] = [fallen[0]!, fallen[3]!, fallen[6]!, fallen[1]!];
    expect(await farm.statusOf(one, two, three, free)).toEqual([
      'failed-dependency',
      'failed-dependency',
      'failed-dependency',
      'scheduled',
    ]);
    expect(await restartBuild(farm.parts, one, false)).toEqual({
      ok: false,
      error: { kind: 'failed-inputs', inputs: [other] },
    });
  });

  it('does not chase a compiler that fails again', async () => {
    const { compiler } = await fallenCompiler(9);
    await restartBuild(farm.parts, compiler, true);
    await farm.ended(compiler, 'failed');
    expect(await farm.carryOut()).toBe(1);
    expect(await farm.engine.statuses()).toEqual({ failed: 1, 'failed-dependency': 9 });
  });
});

describe('a restart', () => {
  it('is refused while a build is under way, after a success, and for none', async () => {
    const [build] = await farm.engine.builds(1);
    for (const status of ['scheduled', 'submitted', 'started', 'succeeded'] as const) {
      await farm.ended(build!, status, null);
      for (const withDependents of [true, false]) {
        const answer = await restartBuild(farm.parts, build!, withDependents);
        expect(answer).toEqual({ ok: false, error: { kind: 'build-status', status } });
      }
    }
    const nobody = await restartBuild(farm.parts, 999_999 as BuildId, false);
    expect(nobody).toEqual({ ok: false, error: { kind: 'unknown' } });
  });

  it('brings back the canceled inputs that the build cannot do without', async () => {
    const [deep, input, build] = await farm.engine.builds(3);
    await farm.engine.edges([
      [input!, deep!],
      [build!, input!],
    ]);
    for (const one of [deep!, input!]) await farm.ended(one, 'canceled', null);
    await farm.ended(build!, 'failed');
    await restartBuild(farm.parts, build!, false);
    expect(await farm.statusOf(deep!, input!, build!)).toEqual(Array(3).fill('scheduled'));
  });

  it('gives a build new attempts, no fault against it, and voids its old ticket', async () => {
    const [build] = await farm.engine.builds(1);
    await farm.ended(build!, 'failed-other', 'quarantined');
    const before = await farm.engine.status(build!);
    await restartBuild(farm.parts, build!, false);
    const after = await farm.engine.status(build!);
    expect(after).toMatchObject({ status: 'scheduled', reason: null, farm_faults: 0 });
    expect(after['generation']).toBe((before['generation'] as number) + 1);
  });
});

describe('a restart of an evaluation', () => {
  async function failures() {
    const builds = await farm.engine.builds(7);
    const [broken, lost, stopped, ofBroken, ofLost, foreign, fine] = builds as [
      ...[BuildId, BuildId, BuildId, BuildId, BuildId, BuildId, BuildId],
    ];
    await farm.engine.edges([
      [ofBroken, broken],
      [ofLost, lost],
    ]);
    await farm.ended(broken, 'failed');
    await farm.ended(lost, 'failed-other', 'no-space');
    await farm.ended(stopped, 'canceled', null);
    await farm.ended(foreign, 'failed');
    await farm.ended(fine, 'succeeded', null);
    await farm.tellFailures();
    const evaluation = await farm.evaluation('one', [ofBroken, ofLost, stopped, fine]);
    return { evaluation, builds };
  }

  it.each([
    ['failed', [0, 3]],
    ['infrastructure', [1, 4]],
    ['canceled', [2]],
    ['all', [0, 1, 2, 3, 4]],
  ] as const)('schedules %s builds and what fell with them alone', async (kind, expected) => {
    const { evaluation, builds } = await failures();
    const before = await farm.statusOf(...builds);
    const answer = await restartEvaluation(farm.parts, evaluation, kind);
    expect(answer.ok).toBe(true);
    await farm.carryOut();
    const after = await farm.statusOf(...builds);
    const moved = after.flatMap((status, at) => (status === before[at] ? [] : [at]));
    expect(moved).toEqual(expected);
    expect(moved.map((at) => after[at])).toEqual(moved.map(() => 'scheduled'));
  });

  it('is refused when the evaluation was never read to its end', async () => {
    const evaluation = await farm.evaluation('two', [], { status: 'failed' });
    expect(await restartEvaluation(farm.parts, evaluation, 'all')).toEqual({
      ok: false,
      error: { kind: 'evaluation-over', status: 'failed', canceled: false },
    });
  });
});
