/** Faults of a fleet: what kills workers, who fails everything, who is of another version. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AttemptAnswer } from '#protocol/api/build.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { anOutput, attemptsOf, endsOf, FaultFarm, gate } from '#testkit/fault-farm.js';

let farm: FaultFarm;
const patience = 90_000;
const checkout = resolve(fileURLToPath(new URL('../../..', import.meta.url)));

beforeAll(async () => {
  farm = await FaultFarm.start({ maxJobs: 2, leaseSeconds: 6 });
}, 120_000);
afterAll(() => farm?.stop(), 60_000);

async function worker(name: string): Promise<WorkerAnswer> {
  const { items } = await farm.get<{ items: WorkerAnswer[] }>('/api/v1/workers');
  return items.find((one) => one.name === name)!;
}

/** The api and the agent as they were before version 2 of the worker's protocol. */
async function unpackPrevious(): Promise<string> {
  const directory = join(farm.directory, 'previous');
  await mkdir(directory);
  const archive = join(checkout, 'test', 'fixtures', 'previous', 'dist.tar.gz');
  execFileSync('tar', ['-xzf', archive, '-C', directory]);
  await symlink(join(checkout, 'node_modules'), join(directory, 'node_modules'));
  const generated = join('dist', 'libs', 'adapters', 'postgres', 'generated');
  await symlink(join(checkout, generated), join(directory, generated));
  return directory;
}

interface Running {
  readonly build: string;
  readonly attempt: AttemptAnswer;
}

/** One build at its gate in each of the four slots. */
async function fourRunning(name: string): Promise<Running[]> {
  const names = Array.from({ length: 4 }, (_, i) => `${name}-${i}`);
  const recipes = names.map((one) => ({ name: one, script: `: ${one}; ${gate}; ${anOutput}` }));
  const evaluation = await farm.evaluate(name, recipes);
  const builds = await Promise.all(names.map((one) => farm.buildOf(evaluation, one)));
  return Promise.all(builds.map(async (build) => ({ build, attempt: await farm.attempt(build) })));
}

async function eachEndsWell(running: readonly Running[]): Promise<void> {
  await Promise.all(running.map(({ attempt }) => farm.openGate(attempt)));
  for (const { build, attempt } of running) {
    const end = await farm.ended(build);
    expect([end.name, endsOf(end)]).toEqual([end.name, ['succeeded']]);
    expect(end.attempts.map((one) => one.id)).toEqual([attempt.id]);
  }
}

describe('faults of a fleet', () => {
  it(
    'row 23: a build that takes every worker down with it is quarantined after the third',
    async () => {
      const names = ['frail-1', 'frail-2', 'frail-3', 'frail-4'];
      await Promise.all(names.map((name) => farm.addWorker(name, ['--features', 'frail'])));
      const requiredFeatures = ['frail'];
      const evaluation = await farm.evaluate('poison', [
        { name: 'poison', script: `: poison; ${gate}; ${anOutput}`, requiredFeatures },
        { name: 'after', script: `: after; ${anOutput}`, inputs: ['poison'] },
        { name: 'beside', script: `: beside; ${anOutput}`, requiredFeatures },
      ]);
      const poison = await farm.buildOf(evaluation, 'poison');
      for (let tried = 0; tried < 3; tried += 1) {
        const { name } = (await farm.attempt(poison, tried)).worker;
        await farm.killMachine(name);
        await farm.startAgain(name);
      }
      const end = await farm.ended(poison);
      expect([end.status, end.reason]).toEqual(['failed-other', 'quarantined']);
      expect(endsOf(end)).toEqual(Array(3).fill('failed-other: worker-lost'));
      expect(new Set(end.attempts.map((one) => one.worker.name)).size).toBe(3);
      const jobs = await farm.settled(evaluation);
      expect(jobs.get('after')!.status).toBe('failed-dependency');
      expect(jobs.get('beside')!.status).toBe('succeeded');
      const states = await Promise.all(names.map(async (name) => (await worker(name)).state));
      expect(states).toEqual(names.map(() => 'connected'));
      await Promise.all(names.map((name) => farm.process(name).stop()));
    },
    patience,
  );

  it(
    'row 24: a worker that fails everything is drained, and another builds what it failed',
    async () => {
      const broken = join(farm.directory, 'broken');
      await mkdir(broken);
      // It passes the trial and then fails each build.
      const sandbox = '#!/bin/sh\ncase " $* " in *" --args "*) exit 1 ;; esac\nexit 0\n';
      await writeFile(join(broken, 'bwrap'), sandbox);
      await chmod(join(broken, 'bwrap'), 0o755);
      const features = ['--features', 'lathe', '--max-jobs'];
      await Promise.all([
        farm.addWorker('broken', [...features, '4']),
        farm.addWorker('sound', [...features, '1']),
      ]);
      await farm.process('broken').stop();
      await farm.startAgain('broken', { PATH: `${broken}:${process.env['PATH']}` });
      const names = Array.from({ length: 10 }, (_, i) => `turned-${i}`);
      const evaluation = await farm.evaluate(
        'turned',
        names.map((name) => ({
          name,
          script: `: ${name}; sleep 0.3; ${anOutput}`,
          requiredFeatures: ['lathe'],
        })),
      );
      const drained = await farm.until('the broken worker to be drained', async () => {
        const answer = await worker('broken');
        return answer.state === 'draining' ? answer : null;
      });
      expect(drained.pauseNote).toMatch(/ended by the farm's fault: infrastructure\.$/);
      const jobs = [...(await farm.settled(evaluation)).values()];
      expect(jobs.map((job) => job.status)).toEqual(names.map(() => 'succeeded'));
      const builds = await Promise.all(jobs.map((job) => farm.build(job.build!)));
      const failed = builds.filter((build) => build.attempts.length > 1);
      expect(failed.length).toBeGreaterThanOrEqual(5);
      for (const build of builds) {
        const last = attemptsOf(build).at(-1)!;
        expect([last.status, last.worker.name]).toEqual(['succeeded', 'sound']);
        const before = endsOf(build).slice(0, -1);
        expect(before).toEqual(before.map(() => 'failed-other: infrastructure'));
      }
      expect((await worker('sound')).state).toBe('connected');
      await Promise.all(['broken', 'sound'].map((name) => farm.process(name).stop()));
    },
    patience,
  );

  it(
    'row 27: apis and agents of this version and of the one before do each other’s work',
    async () => {
      const previous = await unpackPrevious();
      for (const name of ['worker-1', 'worker-2', 'api-1', 'api-2']) {
        await farm.process(name).kill();
      }
      await farm.startAs(previous, 'api-1');
      await Promise.all([farm.startAs(previous, 'worker-1'), farm.startAgain('worker-2')]);
      const mixed = await fourRunning('mixed');
      const byWorker = Map.groupBy(mixed, ({ attempt }) => attempt.worker.name);
      expect([...byWorker.keys()].sort()).toEqual(['worker-1', 'worker-2']);
      await eachEndsWell([...byWorker.values()].map((running) => running[0]!));
      await farm.startAgain('api-2');
      await farm.process('api-1').kill();
      await eachEndsWell([...byWorker.values()].map((running) => running[1]!));
      const spoken = await Promise.all(['worker-1', 'worker-2'].map(worker));
      expect(spoken.map((one) => one.protocol)).toEqual([1, 2]);
      const upgraded = await fourRunning('upgraded');
      await farm.process('worker-1').kill();
      await Promise.all(['api-1', 'worker-1'].map((name) => farm.startAs(checkout, name)));
      await eachEndsWell(upgraded);
      expect((await worker('worker-1')).protocol).toBe(2);
    },
    patience,
  );
});
