/**
 * Who is told of what broke: by mail through a real SMTP server in a process of its own, and by
 * webhooks to receivers that are quick, that fail, and that hang.
 */
import { createHmac } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '#adapters/postgres/database.js';
import { PostgresNotificationStore } from '#adapters/postgres/notification-store.js';
import { notify } from '#application/notify.js';
import { readSettings, type Settings } from '#nest/settings.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { addChanges, addLog, addSpecification } from './notification-support/change-rows.js';
import {
  accept,
  hang,
  startHookServer,
  startMailServer,
  type Hook,
  type HookServer,
  type MailServer,
} from './notification-support/receivers.js';

const keys = [Buffer.alloc(24, 1), Buffer.alloc(24, 2)];
const failingTimes = 3;

let postgres: TestPostgres;
let redis: TestRedis;
let mail: MailServer;
let hooks: HookServer;
let database: Database;
let settings: Settings;
let coordinator: Coordinator;
let data: string;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'gambeson-notifications-'));
  [postgres, redis, mail, hooks] = await Promise.all([
    startTestPostgres(),
    startTestRedis(),
    startMailServer(),
    startHookServer({
      '/hangs': hang,
      '/gone': (response) => void response.writeHead(410).end(),
      '/moved?': (response) => void response.writeHead(500).end(),
      '/moved': (response) => void response.writeHead(307, { location: '/quick' }).end(),
      '/fails-first': (response, nth) =>
        nth <= failingTimes ? void response.writeHead(503).end('not now') : accept(response),
    }),
  ]);
  const { url } = await postgres.freshDatabase();
  database = new Database(url, 4);
  const credentials = join(data, 'credentials');
  await mkdir(credentials);
  const secrets = keys.map((key) => `whsec_${key.toString('base64')}\n`).join('');
  await writeFile(join(credentials, 'hook'), secrets, { mode: 0o600 });
  await writeFile(join(credentials, 'smtp-127.0.0.1'), 'a password of mail\n', { mode: 0o600 });
  settings = readSettings(
    {
      GAMBESON_DATA: data,
      GAMBESON_CREDENTIALS: credentials,
      GAMBESON_URL: 'https://ci.example.org',
      GAMBESON_PRIVATE_RECEIVERS: '127.0.0.1',
      GAMBESON_NOTIFY_GATHER_SECONDS: '0',
      GAMBESON_TICK_SECONDS: '0.05',
      DATABASE_URL: url,
      REDIS_URL: redis.url,
    },
    0,
  );
  await startCoordinator();
}, 60_000);

afterAll(async () => {
  await stopCoordinator();
  await database?.close();
  await hooks?.stop();
  await mail?.stop();
  await redis?.stop();
  await postgres?.stop();
  await rm(data, { recursive: true, force: true });
});

async function startCoordinator(): Promise<void> {
  coordinator = new Coordinator(openCoordinator(settings));
  await coordinator.onApplicationBootstrap();
}

async function stopCoordinator(): Promise<void> {
  await coordinator?.beforeApplicationShutdown();
  await coordinator?.onApplicationShutdown();
}

interface Row extends Record<string, unknown> {
  readonly id: number;
  readonly state: string;
  readonly attempts: number;
  readonly last_answer: string | null;
  readonly change_count: number;
}

const email = (to: string): { type: 'email'; from: string; to: string; server: string } => ({
  ...{ type: 'email', from: 'ci@example.org', to },
  server: `smtp://127.0.0.1:${mail.port}`,
});
const webhook = (path: string) => ({ type: 'webhook', url: `${hooks.url}${path}` }) as const;

/** The only message to a receiver, once it is so. */
function message(receiver: string, holds: (row: Row) => boolean): Promise<Row> {
  return answered(`a message to ${receiver}`, async () => {
    const rows = await database.query<Row>(
      'select * from deliveries where receiver = $1 order by id desc',
      [receiver],
    );
    const [row] = rows;
    return row && holds(row) ? row : null;
  });
}

/** As if the time of its next try had come. */
async function dueNow(delivery: number): Promise<void> {
  await database.execute(
    'update deliveries set next_try_at = now(), claimed_until = null where id = $1',
    [delivery],
  );
}

function signaturesOf({ headers, body }: Hook): string[] {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  return keys.map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
}

describe('a build that breaks', () => {
  it('is told by mail and webhook, whoever hangs and fails beside', async () => {
    const specification = await addSpecification(database, 'base', [
      webhook('/hangs'),
      { ...webhook('/fails-first'), secret: 'hook' },
      { ...webhook('/quick'), secret: 'hook' },
      { ...email('people@example.org'), server: `smtp://ci%40farm@127.0.0.1:${mail.port}` },
      { type: 'mastodon' },
    ]);
    await addLog(data, database, [101, 'checking for hello... \x1b[31mno\x1b[0m\n']);
    await addChanges(database, [specification, 7], [{ job: 'hello', weather: 'new-failure' }]);

    const quick = await hooks.at('/quick').nth(1);
    const letter = await mail.mails.nth(1);
    await hooks.at('/hangs').nth(1);
    expect(hooks.hanging('/hangs')).toBe(1);
    expect(quick.headers['webhook-signature']).toBe(signaturesOf(quick).join(' '));
    const told = JSON.parse(quick.body) as Record<string, unknown>;
    expect(told).toMatchObject({
      type: 'builds.changed',
      data: {
        ...{ specification: 'base', title: 'Build hello on base is broken.', complete: true },
        evaluation: { id: '7', url: 'https://ci.example.org/eval/7' },
        counts: { broken: 1, fixed: 0 },
        changes: [{ job: 'hello', status: 'broken', build: { id: '101' } }],
      },
    });
    expect(letter).toMatchObject({ to: ['people@example.org'], secure: true, user: 'ci@farm' });
    expect(letter.text).toMatch(/^Subject: Build hello on base is broken\.\r$/m);
    expect(letter.text).toMatch(/^Content-Type: text\/plain; charset=utf-8\r$/m);
    expect(letter.text).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(letter.text).toMatch(/^List-I[Dd]: <base\.gambeson\.ci\.example\.org>\r$/m);
    expect(letter.text).toContain('https://ci.example.org/build/101/details');
    expect(letter.text).toContain('The end of its log:\r\n\r\n    checking for hello... no\r\n');

    const failing = `webhook:${hooks.url}/fails-first`;
    for (let tries = 1; tries <= failingTimes; tries += 1) {
      const row = await message(failing, (one) => one.attempts === tries && one.claim === null);
      expect(row).toMatchObject({ state: 'waiting', last_answer: '503 not now' });
      await dueNow(row.id);
    }
    const ended = await message(failing, (one) => one.state === 'delivered');
    expect(ended.attempts).toBe(failingTimes + 1);
    const tries = hooks.at('/fails-first').all;
    expect(new Set(tries.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    expect(new Set(tries.map(({ body }) => body)).size).toBe(1);
    for (const one of tries) {
      expect(one.headers['webhook-signature']).toBe(signaturesOf(one).join(' '));
    }
    const log = await database.query('select answer from delivery_tries where delivery_id = $1', [
      ended.id,
    ]);
    expect(log).toHaveLength(failingTimes + 1);

    expect(hooks.hanging('/hangs')).toBe(1);
    expect([hooks.at('/quick').all.length, mail.mails.all.length]).toEqual([1, 1]);
  });

  it('is told once, however often it is looked for and whatever is lost', async () => {
    const specification = await addSpecification(database, 'once', [webhook('/once')]);
    const flush = new Redis(redis.url);
    await flush.flushall();
    const where = [specification, 8] as const;
    await addChanges(database, where, [{ job: 'one', weather: 'new-failure' }]);
    await flush.flushall();
    await hooks.at('/once').nth(1);
    await addChanges(database, where, [{ job: 'two', weather: 'new-failure' }]);
    await flush.flushall();
    flush.disconnect();
    await hooks.at('/once').nth(2);
    await answered('both are delivered', async () => {
      const rows = await database.query(
        `select from deliveries where specification_id = $1 and state = 'delivered'`,
        [specification],
      );
      return rows.length === 2 ? true : null;
    });
    const bodies = hooks.at('/once').all.map(({ body }) => /"job":"(\w+)"/.exec(body)?.[1]);
    expect(bodies).toEqual(['one', 'two']);
  });

  it('is told with all others of its evaluation in one message', async () => {
    const specification = await addSpecification(database, 'many', [email('many@example.org')]);
    const broken = ['a', 'b', 'c'].map((job) => ({ job, weather: 'new-failure' }) as const);
    const changes = [...broken, { job: 'd\u001b[31m', weather: 'new-success' } as const];
    const had = mail.mails.all.length;
    await addChanges(database, [specification, 9], changes);
    const { text } = await mail.mails.nth(had + 1);
    expect(text).toMatch(/^Subject: Builds on many: 3 are broken, 1 is fixed\.\r$/m);
    for (const job of ['  a', '  b', '  c', '  d[31m']) expect(text).toContain(`\r\n${job}\r\n`);
    const row = await message('email:many@example.org', (one) => one.state === 'delivered');
    expect(row).toMatchObject({ change_count: 4, attempts: 1 });
    expect(mail.mails.all).toHaveLength(had + 1);
  });
});

describe('a receiver', () => {
  it('that is gone, unknown, or elsewhere by now is given up or asked again', async () => {
    const nobody = { ...email('nobody@example.org') };
    const specification = await addSpecification(database, 'odd', [
      ...[webhook('/gone'), webhook('/moved'), nobody],
      { ...webhook('/unsigned'), secret: 'no-such-credential' },
      { type: 'webhook', url: 'http://localhost.invalid/x' },
      { type: 'webhook', url: 'http://169.254.169.254/latest/meta-data' },
    ]);
    await addChanges(database, [specification, 10], [{ job: 'x', weather: 'new-failure' }]);
    const ended = (row: Row): boolean => row.attempts === 1 && row.claim === null;
    const of = async (receiver: string): Promise<unknown[]> => {
      const { state, last_answer } = await message(receiver, ended);
      return [state, last_answer];
    };
    expect(await of(`webhook:${hooks.url}/gone`)).toEqual(['given-up', '410']);
    expect(await of(`webhook:${hooks.url}/moved`)).toEqual(['waiting', '307']);
    expect(hooks.at('/quick').all).toHaveLength(1);
    const unknown = await of('email:nobody@example.org');
    expect(unknown).toEqual(['given-up', expect.stringMatching(/no such person here/)]);
    const unsigned = await of(`webhook:${hooks.url}/unsigned`);
    expect(unsigned).toEqual(['waiting', 'the credential no-such-credential is not there']);
    expect(hooks.at('/unsigned').all).toHaveLength(0);
    const nameless = await of('webhook:http://localhost.invalid/x');
    expect(nameless).toEqual(['waiting', 'localhost.invalid has no address']);
    const inside = await of('webhook:http://169.254.169.254/latest/meta-data');
    expect(inside).toEqual(['waiting', expect.stringMatching(/is inside a private network/)]);
  });

  it('that never takes a message is given up after the last try, and shown', async () => {
    const specification = await addSpecification(database, 'never', [webhook('/moved?')]);
    await addChanges(database, [specification, 11], [{ job: 'x', weather: 'new-failure' }]);
    const of = `webhook:${hooks.url}/moved?`;
    const waiting = await message(of, (row) => row.attempts === 1 && row.claim === null);
    await database.execute('update deliveries set attempts = 9 where id = $1', [waiting.id]);
    await dueNow(waiting.id);
    expect(await message(of, ({ state }) => state === 'given-up')).toMatchObject({ attempts: 10 });
  });

  it('that is told no more by its specification is left alone', async () => {
    const specification = await addSpecification(database, 'left', [webhook('/fails-first?x')]);
    await database.execute(
      `insert into deliveries (specification_id, evaluation_id, receiver, lane, state, next_try_at)
       values ($1, 12, 'webhook:http://old.example.org/', 'old', 'waiting', now())`,
      [specification],
    );
    const row = await message(
      'webhook:http://old.example.org/',
      ({ state }) => state !== 'waiting',
    );
    expect(row).toMatchObject({ state: 'dropped' });
  });
});

describe('a coordinator that is restarted', () => {
  it('leaves what was under way to the next, which tells it again', async () => {
    const receiver = `webhook:${hooks.url}/hangs`;
    expect(hooks.hanging('/hangs')).toBe(1);
    await stopCoordinator();
    const waits = await message(receiver, ({ claim }) => claim === null);
    expect(waits).toMatchObject({ state: 'waiting', attempts: 0 });
    await startCoordinator();
    const again = await hooks.at('/hangs').nth(2);
    expect(again.headers['webhook-id']).toBe(hooks.at('/hangs').all[0]?.headers['webhook-id']);
  });
});

describe('changes of one evaluation', () => {
  it('gather in one message until it is sent, and then in one that gathers longer', async () => {
    const { url, drop } = await postgres.freshDatabase();
    const own = new Database(url, 4);
    const store = new PostgresNotificationStore(own);
    const specification = await addSpecification(own, 'slow', [webhook('/slow')]);
    const pass = async (): Promise<number> => {
      const [one, two] = await Promise.all([
        notify({ store, gatherSeconds: 60 }, () => true),
        notify({ store, gatherSeconds: 60 }, () => true),
      ]);
      return one + two;
    };
    const broke = (job: string): Promise<unknown> =>
      addChanges(own, [specification, 1], [{ job, weather: 'new-failure' }]);
    const rests = `select change_count, state, round(extract(epoch from next_try_at - created_at))
                     ::int as rest from deliveries order by id`;
    await broke('a');
    expect(await pass()).toBe(1);
    await broke('b');
    expect(await pass()).toBe(1);
    expect(await pass()).toBe(0);
    expect(await store.dueLanes(10)).toEqual([]);
    expect(await own.query(rests)).toEqual([{ change_count: 2, state: 'gathering', rest: 60 }]);
    await own.execute('update deliveries set next_try_at = now()');
    const lanes = await store.dueLanes(10);
    const claimed = await store.claim(lanes[0]!, 30);
    expect(claimed?.message).toMatchObject({ counts: { broken: 2, fixed: 0 } });
    expect(await store.claim(lanes[0]!, 30)).toBeNull();
    await broke('c');
    expect(await pass()).toBe(1);
    const [, later] = await own.query(rests);
    expect(later).toEqual({ change_count: 1, state: 'gathering', rest: 600 });
    await own.close();
    await drop();
  });
});
