/**
 * Every waiting build tells its reason over the API, asked of the planner by the bus; and the
 * reason stays when there is no planner to ask.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import type { BuildId } from '#domain/ids.js';
import type { BuildAnswer } from '#protocol/api/build.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import type { QueueAnswer } from '#protocol/api/queue.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { answered } from '#testkit/eventually.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { amdClass, EngineFarm } from './engine-support.js';
import { evaluation, setStatus, specification } from './planner-support.js';

let api: ApiFarm;
let farm: EngineFarm;
let coordinator: Coordinator;

beforeAll(async () => {
  api = await startApiFarm({ GAMBESON_TICK_SECONDS: '0.2' });
  await writeFile(api.parts.settings.publicKeyFile, 'farm-1:AAAA\n');
  farm = await EngineFarm.open({
    url: api.parts.settings.databaseUrl,
    drop: async () => undefined,
  });
  coordinator = new Coordinator(openCoordinator(api.parts.settings));
}, 60_000);

afterAll(async () => {
  const lines = [...heard].map(([reason, told]) => `${reason.padEnd(24)}${told}\n`);
  process.stdout.write(lines.sort().join(''));
  await coordinator.beforeApplicationShutdown();
  await coordinator.onApplicationShutdown();
  await farm.close();
  await api.stop();
});

async function get<T>(path: string): Promise<T> {
  const response = await fetch(`${api.address}/api/v1/${path}`);
  return (await response.json()) as T;
}

/** What was told of each reason, printed at the end. */
const heard = new Map<string, string>();

async function build(id: BuildId): Promise<BuildAnswer> {
  const answer = await get<BuildAnswer>(`builds/${id}`);
  const { wait, estimate } = answer;
  const expected = estimate?.startsAt ? `; from ${estimate.startsAt} to ${estimate.endsAt}` : '';
  if (wait && (expected !== '' || !heard.has(wait.reason)))
    heard.set(wait.reason, `${wait.sentence}${expected}`);
  return answer;
}

async function alter(id: BuildId, change: string): Promise<void> {
  await farm.database.execute(`update derivations set ${change} where id = $1`, [id]);
}

/** Asks until the answer fits: the planner follows within a tick. */
async function until<T>(ask: () => Promise<T>, fits: (answer: T) => boolean): Promise<T> {
  let last: T | null = null;
  const fitting = async (): Promise<T | null> => {
    last = await ask();
    return fits(last) ? last : null;
  };
  return answered('a fitting answer', fitting, 15_000).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(last)}`);
  });
}

describe('a waiting build', () => {
  it('tells its reason, and the planner when it expects it to run', async () => {
    const builds = await farm.builds(50);
    const [input, blocked, alien, gifted, patient, failed, spoilt] = builds;
    await farm.edges([
      [blocked!, input!],
      [spoilt!, failed!],
    ]);
    await alter(alien!, `system = 'riscv64-linux'`);
    await alter(gifted!, `required_features = '{gpu}'`);
    await farm.database.execute(
      `update builds set not_before = now() + interval '1 hour' where id = $1`,
      [patient],
    );
    const named = await specification(farm, 'waits');
    await evaluation(farm, named, builds);
    const read = await evaluation(farm, named, builds.slice(7));
    await farm.worker({ slots: 1 });
    await farm.database.execute(
      `insert into package_durations (package_name, system, milliseconds, samples)
       values ('d', 'x86_64-linux', 60000, 3)`,
    );
    await coordinator.onApplicationBootstrap();

    const last = builds.at(-1)!;
    const told = await until(
      () => build(last),
      (answer) => answer.estimate !== null,
    );
    expect(told.wait).toMatchObject({ reason: 'all-busy', position: expect.any(Number) });
    expect(Date.parse(told.estimate!.endsAt!)).toBeGreaterThan(Date.now());
    expect((await build(input!)).wait).toMatchObject({ reason: 'released' });
    expect((await build(blocked!)).wait).toMatchObject({
      reason: 'inputs-unfinished',
      inputs: [{ id: String(input) }],
    });
    expect((await build(alien!)).wait).toMatchObject({
      reason: 'no-worker-for-system',
      sentence: 'No worker builds for riscv64-linux.',
    });
    expect((await build(gifted!)).wait).toMatchObject({ reason: 'no-worker-for-features' });
    expect((await build(patient!)).wait).toMatchObject({
      reason: 'backing-off',
      until: expect.any(String),
    });
    // As between a failure and its propagation; who begins to lead would repair it.
    await farm.database.execute(
      `update builds set status = 'failed', failure_propagated = true where id = $1`,
      [failed],
    );
    await until(
      () => build(spoilt!),
      ({ wait }) => wait?.reason === 'input-failed',
    );
    const whole = await until(
      () => get<EvaluationAnswer>(`evaluations/${read}`),
      (answer) => answer.estimate !== null,
    );
    expect(Date.parse(whole.estimate!.endsAt!)).toBeGreaterThanOrEqual(
      Date.parse(told.estimate!.endsAt!),
    );
    const page = async () => (await fetch(`${api.address}/builds/${last}`)).text();
    await until(page, (text) => /Expected to start/.test(text));
  }, 30_000);

  it('waits in a queue of which it is told when it is empty, and of what is not', async () => {
    const queue = await until(
      () => get<QueueAnswer>('queue'),
      ({ outlook }) => Boolean(outlook?.estimate?.emptyAt),
    );
    const { bySystem, ...all } = queue.outlook!.estimate!;
    expect(bySystem).toEqual([
      { system: 'riscv64-linux', emptyAt: null, withoutWorker: 1 },
      { system: 'x86_64-linux', emptyAt: all.emptyAt, withoutWorker: 1 },
    ]);
    const hours = (Date.parse(all.emptyAt!) - Date.now()) / 3_600_000;
    expect([all.withoutWorker, hours > 0.7 && hours < 0.9]).toEqual([2, true]);
    const shown = await (await fetch(`${api.address}/queue`)).text();
    expect(shown).toMatch(/Estimated to be empty <time[^>]*>in 4\d min</);
    expect(shown).toContain('no worker builds for it now');
  }, 30_000);

  it('tells of a canceled input, and of workers that lost it before', async () => {
    const [canceled, needs, lost] = await farm.builds(3);
    await farm.edges([[needs!, canceled!]]);
    await setStatus(farm, [canceled!], 'canceled');
    expect((await build(needs!)).wait).toMatchObject({
      reason: 'input-canceled',
      sentence: 'An input was canceled.',
      inputs: [{ id: String(canceled) }],
    });
    const [loser, other] = [await farm.worker({ slots: 0 }), await farm.worker({ slots: 0 })];
    await farm.database.execute(
      `insert into attempts (evaluation_id, build_id, number, worker_id, slot, status, reason)
       values (1, $1, 1, $2, 0, 'failed-other', 'worker-lost')`,
      [lost, loser],
    );
    // All others go before it, so that no slot is left for it once the two are there.
    await farm.database.execute(
      `update builds set priority = 0 where status = 'scheduled' and id <> $1`,
      [lost],
    );
    await farm.database.execute(
      `update builds set farm_faults = 1, release_expires_at = null,
              scheduled_at = now() - interval '1 minute' where id = $1`,
      [lost],
    );
    await farm.database.execute('update workers set slots = 1 where id = any ($1)', [
      [loser, other],
    ]);
    const told = await until(
      () => build(lost!),
      ({ wait, estimate }) => wait?.reason === 'avoiding-workers' && estimate !== null,
    );
    expect(told.wait).toMatchObject({ position: expect.any(Number), inputs: [] });
    expect(await farm.releases.avoided()).toEqual(new Map());
    await farm.database.execute(`update workers set class = 'lost-it' where id = $1`, [loser]);
    expect(await farm.releases.avoided()).toEqual(new Map([[lost, new Set(['lost-it'])]]));
    await farm.database.execute('update workers set removed_at = now() where id = any ($1)', [
      [loser, other],
    ]);
    await setStatus(farm, [needs!, lost!], 'canceled');
  }, 30_000);

  it('tells of a specification that runs as many builds as it may', async () => {
    await farm.database.execute(
      `update specification_versions set document = document || '{"maxRunning": 1}'`,
    );
    await farm.database.execute(
      `update builds set release_expires_at = null where worker_class = $1`,
      [amdClass],
    );
    const held = (
      await farm.database.query<{ id: BuildId }>(
        `select max(id) as id from builds where status = 'scheduled'`,
      )
    )[0]!;
    const told = await until(
      () => build(held.id),
      (answer) => answer.wait?.reason === 'limit',
    );
    expect(told.wait!.sentence).toContain('as many builds as it may');
  }, 30_000);

  it('tells of paused, offline and full workers, and that without a planner, too', async () => {
    await coordinator.beforeApplicationShutdown();
    const [held] = await farm.builds(1);
    const reason = async () => (await build(held!)).wait?.reason;
    expect(await reason()).toBe('all-busy');
    expect((await build(held!)).estimate).toBeNull();
    await farm.database.execute('update workers set paused_at = now()');
    expect(await reason()).toBe('workers-paused');
    await farm.database.execute(`update workers set paused_at = null, holds_back = 'disk-guard'`);
    expect(await reason()).toBe('disk-guard');
    await farm.database.execute('update workers set gateway = null');
    expect(await reason()).toBe('workers-offline');
    await setStatus(farm, [held!], 'succeeded');
    expect(await reason()).toBeUndefined();
  }, 30_000);
});
