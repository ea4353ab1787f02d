/** The engine of a farm without Redis: tickets, timers and wake-ups all lie in Postgres. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import { id, type AttemptId } from '#domain/ids.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { EngineFarm, secret } from './engine-support.js';
import { TestWorker } from './gateway-support.js';

let api: ApiFarm;
let farm: EngineFarm;
let coordinator: Coordinator;

beforeAll(async () => {
  api = await startApiFarm({ REDIS_URL: '', GAMBESON_TICK_SECONDS: '0.2' });
  await writeFile(api.parts.settings.publicKeyFile, 'farm-1:AAAA\n');
  farm = await EngineFarm.open({
    url: api.parts.settings.databaseUrl,
    drop: async () => undefined,
  });
  coordinator = new Coordinator(openCoordinator(api.parts.settings));
  await coordinator.onApplicationBootstrap();
}, 60_000);

afterAll(async () => {
  await coordinator.beforeApplicationShutdown();
  await coordinator.onApplicationShutdown();
  await farm.close();
  await api.stop();
});

it('builds a chain to its end', async () => {
  const builds = await farm.builds(20);
  await farm.edges(builds.slice(1).map((build, at) => [build, builds[at]!] as const));
  const worker = await farm.worker();
  const connected = await TestWorker.connect(api.address, `${worker}.${secret}`);
  await connected.hello();
  for (const build of builds) {
    connected.say({ type: 'claim', slots: [0] });
    const told = await connected.hears('build');
    expect(told.build).toBe(String(build));
    await farm.uploaded(id<AttemptId>(told.attempt), told.outputs[0]!.path!);
    connected.succeed(told);
    await connected.hears('acknowledged');
  }
  expect(await farm.statuses()).toEqual({ succeeded: 20 });
  await connected.leave();
}, 60_000);
