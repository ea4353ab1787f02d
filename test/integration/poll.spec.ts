/** Polling with real git, Postgres and Redis: what starts an evaluation, and what must not. */
import { createHash } from 'node:crypto';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { GitChannels } from '#adapters/git/git-channels.js';
import { PostgresPollStore } from '#adapters/postgres/channel-store.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresEvaluationLeases } from '#adapters/postgres/evaluation-store.js';
import { PostgresSpecificationStore } from '#adapters/postgres/specification-store.js';
import { openQueue, openRedis, type QueueConnection } from '#adapters/redis/connection.js';
import { BullPollTimers } from '#adapters/redis/poll-timers.js';
import { BullQueueEpoch } from '#adapters/redis/queue-epoch.js';
import { pollChannels, type PollOutcome, type PollParts } from '#application/poll-channels.js';
import type { PollCall } from '#application/ports/poll-timers.js';
import { PollSchedule } from '#application/schedule-polls.js';
import type { EvaluationTrigger } from '#domain/evaluation/status.js';
import type { SpecificationId } from '#domain/ids.js';
import type { Channel, Specification } from '#domain/specification/specification.js';
import { never } from '#std/cancellation.js';
import { FakeBus } from '#testkit/fakes/bus.js';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { ScenarioChannel } from '#testkit/scenario-channel.js';

let postgres: TestPostgres;
let redis: TestRedis;
let fresh: TestDatabase;
let database: Database;
let specifications: PostgresSpecificationStore;
let root: string;
let upstream: ScenarioChannel;
let leases: PostgresEvaluationLeases;
let bus: FakeBus;
let parts: PollParts;

beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
}, 60_000);

afterAll(async () => {
  await Promise.all([postgres?.stop(), redis?.stop()]);
});

beforeEach(async () => {
  fresh = await postgres.freshDatabase();
  database = new Database(fresh.url, 4);
  specifications = new PostgresSpecificationStore(fresh.url);
  leases = new PostgresEvaluationLeases(database);
  root = await mkdtemp(join(tmpdir(), 'gambeson-poll-'));
  upstream = await ScenarioChannel.create(join(root, 'upstream'));
  await upstream.commitFiles({ 'farm.json': '{}' });
  bus = new FakeBus();
  parts = {
    store: new PostgresPollStore(database),
    source: new GitChannels({ directory: join(root, 'mirrors') }),
    bus,
    digest: (text) => createHash('sha256').update(text).digest('hex'),
    pollSeconds: 900,
  };
});

afterEach(async () => {
  await specifications.close();
  await database.close();
  await fresh.drop();
  await rm(root, { recursive: true, force: true });
});

function pkgs(more: Partial<Channel> = {}): Channel {
  return { name: 'pkgs', url: upstream.url, branch: 'main', ...more };
}

async function write(more: Partial<Specification> = {}): Promise<SpecificationId> {
  const saved = await specifications.save(
    {
      name: 'demo',
      backend: 'local',
      channels: [pkgs()],
      selection: { file: 'farm.json' },
      systems: ['x86_64-linux'],
      priority: 9,
      period: 300,
      share: 100,
      limits: {},
      active: true,
      ...more,
    },
    null,
  );
  if (!saved.ok) throw new Error(`not saved: ${saved.error.kind}`);
  return saved.value.id;
}

function poll(
  specification: SpecificationId,
  trigger: EvaluationTrigger = 'hook',
): Promise<PollOutcome> {
  return pollChannels(parts, { specification, trigger }, never);
}

async function channelState(specification: SpecificationId, channel = 'pkgs') {
  const [row] = await database.query(
    'select * from channel_states where specification_id = $1 and channel = $2',
    [specification, channel],
  );
  return row;
}

describe('a poll', () => {
  it('starts one evaluation for one commit, whoever asks and how often', async () => {
    const specification = await write();
    const outcomes = await Promise.all([poll(specification), poll(specification)]);
    expect(outcomes.map((outcome) => outcome.kind).sort()).toEqual(['started', 'unchanged']);
    expect(await poll(specification)).toEqual({ kind: 'unchanged' });
    const checkouts = await database.query('select * from checkouts');
    expect(checkouts).toMatchObject([{ channel: 'pkgs', revision: await upstream.revision() }]);
    expect(bus.wire.said.map((said) => said.topic)).toContain('evaluations');
  });

  it('starts another for each push, and for a branch that goes back', async () => {
    const specification = await write();
    const first = await upstream.revision();
    expect(await poll(specification)).toMatchObject({ kind: 'started' });
    const second = await upstream.commitFiles({ 'farm.json': '[]' });
    expect(await poll(specification)).toMatchObject({ kind: 'started' });
    expect(await channelState(specification)).toMatchObject({ rewound_from: null });
    await upstream.goTo(first);
    expect(await poll(specification)).toMatchObject({ kind: 'started' });
    expect(await channelState(specification)).toMatchObject({
      revision: first,
      rewound_from: second,
      error_code: null,
    });
    const tries = await database.query('select try from evaluations order by id');
    expect(tries.map((row) => row['try'])).toEqual([1, 1, 2]);
  });

  it('starts another for an edited specification and for a retry', async () => {
    const specification = await write();
    const started = await poll(specification);
    await write({ priority: 3 });
    expect(await poll(specification, 'edit')).toMatchObject({ kind: 'started' });
    if (started.kind !== 'started') throw new Error('it was not started');
    const again = await parts.store.retry(started.evaluation);
    const rows = await database.query(
      'select specification_version as version, try, trigger from evaluations where id = $1',
      [again],
    );
    expect(rows).toEqual([{ version: 1, try: 2, trigger: 'retry' }]);
    const checkouts = await database.query('select * from checkouts where evaluation_id = $1', [
      again,
    ]);
    expect(checkouts).toHaveLength(1);
  });

  it('takes the interval of the farm when it has none of its own', async () => {
    const specification = await write({ period: 0 });
    expect(await poll(specification)).toMatchObject({ kind: 'started' });
    const [row] = await database.query<{ seconds: number }>(
      'select extract(epoch from next_poll_at - now())::float8 as seconds from specifications',
    );
    expect(row!.seconds).toBeGreaterThan(890);
    expect(await parts.store.active()).toEqual([{ id: specification, period: 0 }]);
  });

  it('keeps introductions, the order of channels, and pinned commits', async () => {
    const introduction = { commit: 'a'.repeat(40), fingerprint: 'F'.repeat(40) };
    const first = await upstream.revision();
    await upstream.commitFiles({ 'farm.json': '[]' });
    const channels = [pkgs({ name: 'zoo', introduction }), pkgs({ name: 'ark', commit: first })];
    const started = await poll(await write({ channels }));
    if (started.kind !== 'started') throw new Error('it was not started');
    const again = await parts.store.retry(started.evaluation);
    const [second, third] = await Promise.all([leases.claim('one', 9), leases.claim('two', 9)]);
    expect([second!.evaluation, third!.evaluation].sort()).toEqual([started.evaluation, again]);
    for (const { checkouts, specification } of [second!, third!]) {
      expect(checkouts).toMatchObject([{ channel: 'zoo', introduction }, { channel: 'ark' }]);
      expect(checkouts[1]).toEqual({
        channel: 'ark',
        url: upstream.url,
        branch: 'main',
        revision: first,
      });
      expect(specification.channels).toEqual(channels);
    }
  });

  it('follows what a Guix channel pulls in, and starts another when that moves', async () => {
    const below = await ScenarioChannel.create(join(root, 'below'));
    await below.commitFiles({ 'below.scm': '' });
    await upstream.commitFiles({
      '.guix-channel': `(channel (version 0) (dependencies
        (channel (name below) (url "${below.url}") (branch "main"))))`,
    });
    const specification = await write({ backend: 'guix', selection: { set: 'all' } });
    expect(await poll(specification)).toMatchObject({ kind: 'started' });
    expect(await poll(specification)).toEqual({ kind: 'unchanged' });
    await below.commitFiles({ 'below.scm': ';' });
    expect(await poll(specification)).toMatchObject({ kind: 'started' });
    const rows = await database.query(
      'select channel, via, revision from checkouts where evaluation_id = 2 order by position',
    );
    expect(rows).toEqual([
      { channel: 'pkgs', via: null, revision: await upstream.revision() },
      { channel: 'below', via: 'pkgs', revision: await below.revision() },
    ]);
    expect(await channelState(specification, 'below')).toMatchObject({ via: 'pkgs', failures: 0 });
    await upstream.commitFiles({ '.guix-channel': '(channel (version 1))' });
    expect(await poll(specification)).toEqual({ kind: 'failed', channels: ['pkgs'] });
    expect(await channelState(specification)).toMatchObject({
      error_message: '.guix-channel:1:19: the version is not supported: write (version 0)',
    });
  });

  it('does nothing when a timer rings early, nor for the inactive', async () => {
    const specification = await write();
    expect(await poll(specification, 'poll')).toMatchObject({ kind: 'started' });
    await upstream.commitFiles({ 'farm.json': '[]' });
    expect(await poll(specification, 'poll')).toEqual({ kind: 'early' });
    await write({ active: false });
    expect(await poll(specification)).toEqual({ kind: 'inactive' });
    await specifications.archive('demo');
    expect(await poll(specification)).toEqual({ kind: 'gone' });
  });

  it('records an unknown branch and address, and holds nothing else up', async () => {
    const nowhere = pkgs({ name: 'missing', url: `file://${root}/missing` });
    const both = await write({ channels: [pkgs(), nowhere] });
    const branch = await write({ name: 'branch', channels: [pkgs({ branch: 'nowhere' })] });
    const good = await write({ name: 'good' });
    const outcomes = await Promise.all([both, branch, good].map((spec) => poll(spec)));
    expect(outcomes).toMatchObject([
      { kind: 'failed', channels: ['missing'] },
      { kind: 'failed', channels: ['pkgs'] },
      { kind: 'started' },
    ]);
    expect(await channelState(both)).toMatchObject({ revision: await upstream.revision() });
    expect(await channelState(both, 'missing')).toMatchObject({ error_code: 'fetch-failed' });
    expect(await channelState(branch)).toMatchObject({ error_code: 'unknown-branch', failures: 1 });
    await poll(branch);
    expect(await channelState(branch)).toMatchObject({ failures: 2 });
    await write({ name: 'branch', channels: [pkgs()] });
    expect(await poll(branch)).toMatchObject({ kind: 'started' });
    expect(await channelState(branch)).toMatchObject({ error_code: null, failures: 0 });
  });

  it('reads a file:// repository that belongs to another user', async () => {
    if (process.getuid?.() !== 0) return;
    const files = await readdir(upstream.directory, { recursive: true });
    for (const file of ['', ...files]) await chown(join(upstream.directory, file), 65534, 65534);
    expect(await poll(await write())).toMatchObject({ kind: 'started' });
  });
});

describe('a specification', () => {
  it('has a version for each edit, and none for what changes nothing', async () => {
    await write();
    await write();
    expect(await specifications.find('demo')).toMatchObject({ version: 1 });
    await write({ systems: ['aarch64-linux'] });
    expect(await specifications.find('demo')).toMatchObject({
      version: 2,
      specification: { systems: ['aarch64-linux'] },
    });
    const stale = await specifications.save((await specifications.find('demo'))!.specification, 1);
    expect(stale).toEqual({ ok: false, error: { kind: 'conflict', version: 2 } });
  });

  it('leaves its name to another when it is archived', async () => {
    const first = await write();
    expect(await specifications.archive('demo')).toBe(true);
    expect(await specifications.archive('demo')).toBe(false);
    expect(await specifications.list()).toEqual([]);
    expect(await write()).not.toBe(first);
    expect(await specifications.list()).toMatchObject([{ name: 'demo', version: 1 }]);
  });

  it('is written once when two create it at the same time', async () => {
    const both = await Promise.allSettled([write({ share: 1 }), write({ share: 2 })]);
    expect(both.some((outcome) => outcome.status === 'fulfilled')).toBe(true);
    expect(await specifications.list()).toHaveLength(1);
  });
});

describe.each(['redis', 'postgres'] as const)('poll timers on %s', (kind) => {
  let queue: QueueConnection;
  let timers: BullPollTimers;
  let schedule: PollSchedule;

  beforeEach(() => {
    const redisUrl = kind === 'redis' ? redis.url : undefined;
    queue = openQueue({ redisUrl, databaseUrl: fresh.url });
    timers = new BullPollTimers(queue);
    const epoch = new BullQueueEpoch(queue, 'timers');
    schedule = new PollSchedule({ ...parts, timers, epoch });
  });

  afterEach(async () => {
    for (const left of await timers.scheduled()) await timers.remove(left);
    await timers.close();
    await queue.close();
  });

  it('follow the active specifications, and ring', async () => {
    const first = await write();
    const second = await write({ name: 'second', active: false });
    await schedule.reconcile();
    expect(await timers.scheduled()).toEqual([first]);
    await write({ name: 'second', active: true });
    await specifications.archive('demo');
    const rung = new Promise<PollCall>((resolve) => {
      void timers.consume(async (call) => {
        if (call.specification === second) resolve(call);
      }, 2);
    });
    await schedule.reconcile();
    expect(await timers.scheduled()).toEqual([second]);
    expect(await rung).toEqual({ specification: second, trigger: 'poll' });
  }, 20_000);

  it('keep a hook that comes while a hook is under way', async () => {
    const specification = await write();
    let calls = 0;
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const entered: (() => void)[] = [];
    const entry = (): Promise<void> => new Promise((resolve) => entered.push(resolve));
    const firstEntry = entry();
    const secondEntry = entry();
    await timers.consume(async () => {
      calls += 1;
      entered.shift()?.();
      if (calls === 1) await held;
    }, 4);
    await timers.trigger({ specification, trigger: 'hook' });
    await firstEntry;
    await timers.trigger({ specification, trigger: 'hook' });
    await timers.trigger({ specification, trigger: 'hook' });
    release();
    await secondEntry;
    expect(calls).toBe(2);
  }, 20_000);
});

describe('after Redis lost everything', () => {
  it('the timers are made again', async () => {
    const specification = await write();
    const queue = openQueue({ redisUrl: redis.url, databaseUrl: fresh.url });
    const timers = new BullPollTimers(queue);
    const epoch = new BullQueueEpoch(queue, 'timers');
    const schedule = new PollSchedule({ ...parts, timers, epoch });
    await schedule.reconcile();
    const admin = openRedis(redis.url);
    await admin.flushall();
    admin.disconnect();
    expect(await timers.scheduled()).toEqual([]);
    await schedule.reconcile();
    expect(await timers.scheduled()).toEqual([specification]);
    await Promise.all([timers.close(), epoch.close()]);
    await queue.close();
  }, 20_000);
});
