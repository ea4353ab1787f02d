/** The gateway's conversations, on the whole engine. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { id, type AttemptId } from '#domain/ids.js';
import { Examination } from '../../apps/cli/doctor/worker/check.js';
import { examineFarm } from '../../apps/cli/doctor/worker/farm.js';
import type { ApiFarm } from './api-farm.js';
import { EngineFarm, secret } from './engine-support.js';
import { GatewayFarm } from './gateway-farm.js';
import { TestWorker } from './gateway-support.js';

let gateway: GatewayFarm;
let api: ApiFarm;
let farm: EngineFarm;
let redis: Redis;

beforeAll(async () => {
  gateway = await GatewayFarm.start();
  ({ api, farm } = gateway);
  redis = new Redis(api.parts.settings.redisUrl!);
}, 60_000);
afterAll(async () => {
  redis.disconnect();
  await gateway.stop();
});
beforeEach(() => gateway.clear());
afterEach(() => gateway.leave());

type Answer = Record<string, string>;

async function post(path: string, body: object, token?: string): Promise<[number, Answer]> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${api.address}${path}`, {
    method: 'POST',
    headers: token ? { ...headers, authorization: `Bearer ${token}` } : headers,
    body: JSON.stringify(body),
  });
  return [response.status, (await response.json()) as Answer];
}

describe('enrolment', () => {
  it('needs a token that an admin made, once', async () => {
    expect((await post('/api/v1/workers/tokens', {}))[0]).toBe(401);
    const [status, { token = '' }] = await post('/api/v1/workers/tokens', {}, api.parts.adminToken);
    expect(status).toBe(201);
    const [enrolled, answer] = await post('/api/v1/workers/enrol', { token, name: 'anvil' });
    expect([enrolled, answer['name']]).toEqual([201, 'anvil']);
    const [again, problem] = await post('/api/v1/workers/enrol', { token, name: 'bellows' });
    expect([again, problem['type']]).toEqual([403, 'urn:gambeson:problem:token-invalid']);
    const worker = await TestWorker.connect(api.address, answer['credential'] ?? '');
    expect(await worker.hello()).toMatchObject({ worker: { id: answer['worker'], name: 'anvil' } });
    await worker.leave();
  });

  it('refuses a name that a living worker has, and keeps the token', async () => {
    await farm.worker({ name: 'anvil' });
    const [, { token }] = await post('/api/v1/workers/tokens', {}, api.parts.adminToken);
    expect((await post('/api/v1/workers/enrol', { token, name: 'anvil' }))[0]).toBe(409);
    expect((await post('/api/v1/workers/enrol', { token, name: 'bellows' }))[0]).toBe(201);
  });
});

describe('a connection', () => {
  it('without a credential, or with another worker’s, is refused before the upgrade', async () => {
    const [one, other] = [await farm.worker(), await farm.worker()];
    await farm.database.execute(`update workers set credential_hash = 'x' where id = $1`, [other]);
    for (const shown of [
      undefined,
      'Bearer nonsense',
      `Bearer ${other}.${secret}`,
      `Bearer 999999.${secret}`,
    ]) {
      const [status, type, body] = await TestWorker.refusal(api.address, shown);
      expect([status, type]).toEqual([401, 'application/problem+json']);
      expect(JSON.parse(body)).toMatchObject({ type: 'urn:gambeson:problem:unauthorized' });
    }
    await (await TestWorker.connect(api.address, `${one}.${secret}`)).leave();
  });

  it('is known to a doctor by its credential, and not disturbed', async () => {
    const number = await farm.worker({ name: 'anvil' });
    const worker = await gateway.connect(number);
    await worker.hello();
    const data = await mkdtemp(join(tmpdir(), 'doctor-'));
    const kept = { worker: `${number}`, name: 'anvil', credential: `${number}.${secret}` };
    await writeFile(join(data, 'credential.json'), JSON.stringify(kept), { mode: 0o600 });
    const exam = new Examination(() => undefined);
    await examineFarm({ farms: [api.address], data, tokenFile: undefined }, exam);
    await rm(data, { recursive: true });
    const told = exam.checks.map(({ name, state }) => `${name} ${state}`);
    expect(told).toEqual(['farm ok', 'clock ok', 'credential ok', 'stores ok']);
    expect(worker.heard).toEqual([]);
  });

  it('of a worker with Guix offers what derivations of Guix ask for', async () => {
    const number = await farm.worker({ name: 'anvil' });
    const worker = await gateway.connect(number);
    await worker.hello({ backends: ['guix', 'local'], features: ['kvm'] });
    const [row] = await farm.database.query('select features from workers where id = $1', [number]);
    expect(row).toEqual({ features: ['guix-daemon', 'kvm'] });
  });

  it('is told why when its protocol is too new, or its words cannot be read', async () => {
    const worker = await farm.worker();
    const newer = await TestWorker.connect(api.address, `${worker}.${secret}`);
    void newer.hello({ protocol: [99] });
    expect(await newer.hears('refused')).toMatchObject({ code: 'protocol-too-new' });
    expect(await newer.closed).toBe(1008);
    const [shown] = await farm.database.query('select * from workers where id = $1', [worker]);
    expect(shown).toMatchObject({ refused_code: 'protocol-too-new', refused_at: expect.any(Date) });
    const stranger = await TestWorker.connect(api.address, `${worker}.${secret}`);
    stranger.say({ type: 'hello', protocol: [98, 99], machines: [] });
    const told = await stranger.hears('refused');
    expect(told).toMatchObject({ code: 'protocol-too-new' });
    expect(told.message).toContain('upgrade the farm first');
    const babbling = await gateway.join();
    babbling.say({ type: 'claim', slots: 'all' });
    expect(await babbling.hears('refused')).toMatchObject({ code: 'malformed' });
  });

  it('is refused when its words fit no table', async () => {
    const lease = { build: '1', fence: '0123456789abcdef', slot: 0 };
    const odd = [
      { systems: ['x86_64\u0000linux'] },
      { attempts: [{ ...lease, attempt: '9999999999999999' }] },
    ];
    for (const more of odd) {
      const worker = await TestWorker.connect(api.address, `${await farm.worker()}.${secret}`);
      void worker.hello(more);
      expect(await worker.hears('refused')).toMatchObject({ code: 'malformed' });
    }
  });

  it('of a worker that connects again ends the earlier one', async () => {
    const worker = await farm.worker();
    const first = await gateway.join({ worker });
    const second = await gateway.join({ worker });
    expect(await first.hears('refused')).toMatchObject({ code: 'replaced' });
    await gateway.scheduled(1);
    second.say({ type: 'claim', slots: [0] });
    await second.hears('build');
  });
});

describe('a build', () => {
  it('goes from released to claimed, started, logged, reported and offered', async () => {
    const worker = await gateway.join();
    worker.say({ type: 'claim', slots: [0] });
    const [build] = await gateway.scheduled(1);
    const told = await worker.hears('build');
    expect(told).toMatchObject({ slot: 0, build: String(build), backend: 'local' });
    expect(told.limits).toEqual({ timeoutSeconds: 21600, maxSilentSeconds: 3600 });
    worker.say({ type: 'started', attempt: told.attempt, fence: told.fence });
    worker.log(told.attempt, 0, 'hello ');
    worker.log(told.attempt, 6, 'world');
    await worker.hears('acknowledged', (one) => one.of === 'log' && one.offset === 11);
    worker.log(told.attempt, 0, 'hello world');
    await worker.hears('acknowledged', (one) => one.of === 'log' && one.offset === 11);
    await gateway.finish(worker, told);
    expect(await farm.status(build!)).toMatchObject({
      status: 'succeeded',
      started_at: expect.any(Date),
    });
    expect(await api.parts.logs.size(`attempt-${Number(told.attempt)}`)).toBe(11);
  });

  it('is given again, with the same fence, to a slot that lost its connection', async () => {
    const worker = await farm.worker();
    const before = await gateway.join({ worker });
    await gateway.scheduled(2);
    before.say({ type: 'claim', slots: [2] });
    const told = await before.hears('build');
    await before.leave();
    const after = await gateway.join({ worker });
    after.say({ type: 'claim', slots: [2] });
    expect(await after.hears('build')).toEqual(told);
  });

  it('is claimed by a slot right after its report, without waiting for the answer', async () => {
    const worker = await gateway.join({ slots: 1 });
    await gateway.scheduled(3);
    worker.say({ type: 'claim', slots: [0] });
    for (let left = 3; left > 0; left -= 1) {
      const told = await worker.hears('build');
      await farm.uploaded(id<AttemptId>(told.attempt), told.outputs[0]!.path!);
      worker.succeed(told);
      if (left > 1) worker.say({ type: 'claim', slots: [0] });
    }
    for (let left = 3; left > 0; left -= 1) await worker.hears('acknowledged');
    expect(await farm.statuses()).toEqual({ succeeded: 3 });
  });

  it('of another worker takes neither log nor report', async () => {
    const [owner, thief] = [await gateway.join(), await gateway.join()];
    await gateway.scheduled(1);
    owner.say({ type: 'claim', slots: [0] });
    const told = await owner.hears('build');
    thief.log(told.attempt, 0, 'not mine');
    thief.succeed(told);
    expect(await thief.hears('acknowledged')).toMatchObject({ of: 'report', accepted: false });
    expect(await api.parts.logs.size(`attempt-${Number(told.attempt)}`)).toBe(0);
    await gateway.finish(owner, told);
  });

  it('whose report cannot be read ends as the farm’s fault, with the evidence', async () => {
    const worker = await gateway.join();
    await gateway.scheduled(1);
    worker.say({ type: 'claim', slots: [0] });
    const told = await worker.hears('build');
    worker.report(told, { kind: 'failed', reason: 'bewitched', message: '' });
    expect(await worker.hears('acknowledged')).toMatchObject({ of: 'report', accepted: true });
    const [attempt] = await farm.database.query('select * from attempts');
    expect(attempt).toMatchObject({ status: 'failed-other', reason: 'infrastructure' });
    expect(attempt?.['message']).toContain('cannot be read: result.reason');
    expect(await farm.statuses()).toEqual({ scheduled: 1 });
  });

  it('goes on over a reconnect; what is not the worker’s any more is told as lost', async () => {
    const worker = await farm.worker();
    const before = await gateway.join({ worker });
    await gateway.scheduled(1);
    before.say({ type: 'claim', slots: [0] });
    const told = await before.hears('build');
    await before.leave();
    const after = await gateway.connect(worker);
    const mine = { attempt: told.attempt, build: told.build, fence: told.fence, slot: 0 };
    const welcome = await after.hello({
      attempts: [mine, { ...mine, attempt: '424242', slot: 1 }],
    });
    expect(welcome.lost).toEqual(['424242']);
    await gateway.finish(after, told);
  });

  it('of a worker that vanished succeeds on another, with two attempts', async () => {
    const [vanishing, other] = [await gateway.join(), await gateway.join()];
    const [build] = await gateway.scheduled(1);
    vanishing.say({ type: 'claim', slots: [0] });
    await vanishing.hears('build');
    await vanishing.leave();
    other.say({ type: 'claim', slots: [0] });
    const beats = setInterval(() => other.beat(), 500);
    const told = await other.hears('build');
    clearInterval(beats);
    await gateway.finish(other, told);
    expect(await farm.attempts(build!)).toMatchObject([
      { status: 'failed-other', reason: 'worker-lost' },
      { status: 'succeeded' },
    ]);
  }, 30_000);

  it('that somebody cancels is told to its worker at once', async () => {
    const worker = await farm.worker();
    const connected = await gateway.join({ worker });
    const [build] = await gateway.scheduled(1);
    connected.say({ type: 'claim', slots: [0] });
    const told = await connected.hears('build');
    expect(await farm.leases.wishCancel(build!, 'superseded')).toBe(worker);
    await api.parts.bus.publish(`worker/${worker}`, '');
    const cancel = await connected.hears('cancel');
    expect(cancel).toMatchObject({
      attempt: told.attempt,
      fence: told.fence,
      reason: 'superseded',
    });
    connected.report(told, { kind: 'canceled', message: 'stopped' });
    await connected.hears('acknowledged');
    expect(await farm.status(build!)).toMatchObject({ status: 'canceled' });
  });
});

describe('a paused worker', () => {
  it('gets nothing until it is resumed, and then without claiming again', async () => {
    const worker = await farm.worker();
    const other = await gateway.join();
    const connected = await gateway.join({ worker });
    await farm.database.execute('update workers set paused_at = now() where id = $1', [worker]);
    connected.beat();
    connected.say({ type: 'claim', slots: [0] });
    const [build] = await gateway.scheduled(1);
    other.say({ type: 'claim', slots: [0] });
    expect(await other.hears('build')).toMatchObject({ build: String(build) });
    await farm.database.execute('update workers set paused_at = null where id = $1', [worker]);
    connected.beat();
    await gateway.scheduled(1);
    await connected.hears('build');
  });
});

describe('a hundred builds', () => {
  it('all finish once while Redis is flushed again and again', async () => {
    const team = await Promise.all(Array.from({ length: 5 }, () => gateway.join()));
    const builds = await gateway.scheduled(100);
    await farm.edges(builds.slice(50).map((build, at) => [build, builds[at]!] as const));
    let done = 0;
    const work = team.map(async (worker) => {
      worker.say({ type: 'claim', slots: [0, 1, 2, 3] });
      const beats = setInterval(() => worker.beat(), 500);
      while (done < builds.length) {
        const told = await Promise.race([worker.hears('build'), allDone]);
        if (!told) break;
        await gateway.finish(worker, told);
        done += 1;
        if (done % 20 === 0) {
          await redis.flushall();
          await redis.script('FLUSH');
        }
        if (done === builds.length) finished();
        worker.say({ type: 'claim', slots: [told.slot] });
      }
      clearInterval(beats);
    });
    await Promise.all(work);
    expect(await farm.statuses()).toEqual({ succeeded: 100 });
    const [{ tries } = { tries: 0 }] = await farm.database.query(
      'select count(*) as tries from attempts',
    );
    expect(tries).toBe(100);
  }, 90_000);

  let finished = (): void => undefined;
  const allDone = new Promise<null>((resolve) => {
    finished = () => resolve(null);
  });
});
