/** Restarts and cancels as people ask for them: over REST, with a coordinator and a worker. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { writeFile } from 'node:fs/promises';
import type { BuildId } from '#domain/ids.js';
import type { IntentAnswer } from '#protocol/api/wish.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { EngineFarm, secret } from './engine-support.js';
import { TestWorker } from './gateway-support.js';
import { LifecycleFarm } from './lifecycle-support.js';

let api: ApiFarm;
let farm: LifecycleFarm;
let coordinator: Coordinator;
const workers: TestWorker[] = [];

beforeAll(async () => {
  api = await startApiFarm({ GAMBESON_TICK_SECONDS: '0.5' });
  await writeFile(api.parts.settings.publicKeyFile, 'farm-1:AAAA\n');
  const drop = async () => undefined;
  farm = new LifecycleFarm(await EngineFarm.open({ url: api.parts.settings.databaseUrl, drop }));
  await farm.evaluation('origin', [], { status: 'failed' });
  coordinator = new Coordinator(openCoordinator(api.parts.settings));
  await coordinator.onApplicationBootstrap();
}, 60_000);

afterAll(async () => {
  await coordinator.beforeApplicationShutdown();
  await coordinator.onApplicationShutdown();
  await farm.engine.close();
  await api.stop();
});

beforeEach(async () => {
  const tables = 'builds, derivations, derivation_inputs, outputs, leases, uploads';
  await farm.engine.database.execute(`truncate ${tables}, attempts, workers, intents cascade`);
});

afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.leave()));
});

type Answer = Record<string, unknown>;

async function post(path: string, body?: object, token = api.parts.adminToken) {
  const response = await fetch(`${api.address}/api/v1/${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  return [response.status, (await response.json()) as Answer] as const;
}

/** Nobody signals the end of an intent. */
async function finished(id: unknown): Promise<IntentAnswer> {
  for (;;) {
    const response = await fetch(`${api.address}/api/v1/intents/${String(id)}`);
    const intent = (await response.json()) as IntentAnswer;
    if (intent.finishedAt !== null) return intent;
  }
}

async function running(): Promise<{ build: BuildId; worker: TestWorker }> {
  const [build] = await farm.engine.builds(1);
  const id = await farm.engine.worker();
  const worker = await TestWorker.connect(api.address, `${id}.${secret}`);
  workers.push(worker);
  await worker.hello();
  worker.say({ type: 'claim', slots: [0] });
  await api.parts.bus.publish('planner', '');
  await worker.hears('build');
  return { build: build!, worker };
}

describe('a restart over REST', () => {
  it('is answered at once and tells how far it has come', async () => {
    const [compiler, ...others] = await farm.engine.builds(11);
    await farm.engine.edges(others.map((build) => [build, compiler!]));
    await farm.ended(compiler!, 'failed');
    await farm.tellFailures();
    const [status, answer] = await post(`builds/${compiler}/restart`);
    expect(status).toBe(202);
    expect(answer).toMatchObject({
      build: String(compiler),
      status: 'scheduled',
      intent: { kind: 'restart', mode: 'with-failed-dependents', build: String(compiler) },
    });
    const intent = await finished((answer['intent'] as Answer)['id']);
    expect(intent).toMatchObject({ moved: 10, reason: 'restarted' });
    expect(await farm.engine.statuses()).toEqual({ scheduled: 11 });
  });

  it('of an evaluation names the failures it is about', async () => {
    const builds = await farm.engine.builds(2);
    await farm.ended(builds[0]!, 'failed');
    await farm.ended(builds[1]!, 'failed-other', 'no-space');
    const evaluation = await farm.evaluation('one', builds);
    const path = `evaluations/${evaluation}/restart`;
    const [status, answer] = await post(path, { failures: 'infrastructure' });
    expect([status, answer['mode']]).toEqual([202, 'infrastructure']);
    expect(await finished(answer['id'])).toMatchObject({ moved: 1 });
    expect(await farm.statusOf(...builds)).toEqual(['failed', 'scheduled']);
    expect((await post(path, { failures: 'some' }))[0]).toBe(422);
  });

  it('is refused in words by the status tables', async () => {
    const [build] = await farm.engine.builds(1);
    expect(await post(`builds/${build}/restart`, { mode: 'only' })).toMatchObject([
      409,
      {
        type: 'urn:gambeson:problem:restart-refused',
        detail:
          `Build ${build} cannot be restarted: it is scheduled; ` +
          'only failed, failed-dependency, failed-other, canceled builds can.',
      },
    ]);
    const evaluation = await farm.evaluation('bad', [], { status: 'failed' });
    expect((await post(`evaluations/${evaluation}/restart`))[0]).toBe(409);
    expect((await post(`evaluations/${evaluation}/cancel`))[0]).toBe(409);
    for (const path of ['builds/99999/restart', 'evaluations/99999/cancel']) {
      expect((await post(path))[0]).toBe(404);
    }
  });
});

describe('a cancel over REST', () => {
  it('of a build reaches the worker that has it within 5 s', async () => {
    const { build, worker } = await running();
    const begun = performance.now();
    const [status, answer] = await post(`builds/${build}/cancel`);
    expect([status, answer['status']]).toEqual([202, 'submitted']);
    const { attempt, fence, reason } = await worker.hears('cancel');
    expect(reason).toBe('canceled');
    expect(performance.now() - begun).toBeLessThan(5000);
    worker.report({ attempt, fence }, { kind: 'canceled', message: 'stopped' });
    await worker.hears('acknowledged', (one) => one.of === 'report' && one.accepted);
    expect(await farm.statusOf(build)).toEqual(['canceled']);
  });

  it('of an evaluation reaches the workers that have its builds within 5 s', async () => {
    const { build, worker } = await running();
    const evaluation = await farm.evaluation('one', [build]);
    const begun = performance.now();
    const [status, answer] = await post(`evaluations/${evaluation}/cancel`);
    expect([status, answer['kind']]).toEqual([202, 'cancel']);
    await worker.hears('cancel');
    expect(performance.now() - begun).toBeLessThan(5000);
    const told = await fetch(`${api.address}/api/v1/evaluations/${evaluation}`);
    expect(await told.json()).toMatchObject({ status: 'succeeded', cancelReason: 'canceled' });
  });

  it('of a build that several evaluations need says which', async () => {
    const [build] = await farm.engine.builds(1);
    const one = await farm.evaluation('one', [build!]);
    const two = await farm.evaluation('two', [build!]);
    const [status, problem] = await post(`builds/${build}/cancel`);
    expect([status, problem['detail']]).toEqual([
      409,
      `Build ${build} cannot be canceled: the evaluations ${one}, ${two} need it. ` +
        'Cancel those, or say {"force": true}.',
    ]);
    expect((await post(`builds/${build}/cancel`, { force: true }))[0]).toBe(202);
  });
});

it('nobody restarts or cancels without the admin token', async () => {
  for (const path of ['builds/1', 'evaluations/1']) {
    for (const action of ['restart', 'cancel']) {
      expect((await post(`${path}/${action}`, {}, 'wrong'))[0]).toBe(401);
    }
  }
});

it('the OpenAPI document names the routes and what they take', async () => {
  const document = (await (await fetch(`${api.address}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, { post?: { requestBody?: unknown } }>;
  };
  const routes = ['builds/{id}/restart', 'builds/{id}/cancel', 'evaluations/{id}/restart'];
  for (const route of routes) {
    expect(document.paths[`/api/v1/${route}`]?.post?.requestBody).toBeDefined();
  }
  expect(document.paths['/api/v1/evaluations/{id}/cancel']?.post).toBeDefined();
  expect(document.paths['/api/v1/intents/{id}']).toBeDefined();
});
