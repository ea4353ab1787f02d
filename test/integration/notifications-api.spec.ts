/** The log of notifications over the api and by command, beside a coordinator that delivers. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { answered } from '#testkit/eventually.js';
import { notificationCommand } from '../../apps/cli/notification/notification-command.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { addChanges, addSpecification } from './notification-support/change-rows.js';
import { startHookServer, type HookServer } from './notification-support/receivers.js';

let farm: ApiFarm;
let hooks: HookServer;
let coordinator: Coordinator;

beforeAll(async () => {
  [farm, hooks] = await Promise.all([
    startApiFarm({
      GAMBESON_PRIVATE_RECEIVERS: '127.0.0.0/8',
      GAMBESON_NOTIFY_GATHER_SECONDS: '0',
      GAMBESON_TICK_SECONDS: '0.05',
    }),
    startHookServer({ '/gone': (response) => void response.writeHead(410).end('closed') }),
  ]);
  coordinator = new Coordinator(
    // Without Redis, whose bus the api has: lanes lie in Postgres, and ticks wake.
    openCoordinator({ ...farm.parts.settings, redisUrl: undefined }),
  );
  await coordinator.onApplicationBootstrap();
  const { database } = farm.parts;
  const told = ['/gone', '/open'].map((path) => ({ type: 'webhook', url: hooks.url + path }));
  const specification = await addSpecification(database, 'base', told as never);
  await addSpecification(database, 'quiet', []);
  const changes = ['new-failure', 'new-success'] as const;
  await addChanges(
    database,
    [specification, 3],
    changes.map((weather) => ({ job: weather.slice(4), weather })),
  );
}, 60_000);
afterAll(async () => {
  await coordinator?.beforeApplicationShutdown();
  await coordinator?.onApplicationShutdown();
  await hooks?.stop();
  await farm?.stop();
});

type Json = Record<string, unknown> & { readonly items: Record<string, unknown>[] };

async function ask(method: string, path: string, body?: unknown): Promise<[number, Json]> {
  const response = await fetch(`${farm.address}/api/v1/notifications${path}`, {
    method,
    headers: {
      authorization: `Bearer ${farm.parts.adminToken}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return [response.status, (await response.json()) as Json];
}

async function run(...words: string[]): Promise<string> {
  const written: string[] = [];
  const hear = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  const reached = [
    '--farm',
    farm.address,
    '--admin-token-file',
    farm.parts.settings.adminTokenFile,
  ];
  try {
    await notificationCommand().parseAsync(['node', 'gambeson', ...words, ...reached]);
  } finally {
    hear.mockRestore();
  }
  return written.join('');
}

describe('the log of notifications', () => {
  it('tells each message with its tries, to the admin alone', async () => {
    const list = await answered('both have ended', async () => {
      const [, { items }] = await ask('GET', '');
      const ended = items.length === 2 && items.every(({ endedAt }) => endedAt !== null);
      return ended ? items : null;
    });
    const given = list.find(({ receiver }) => receiver === `webhook:${hooks.url}/gone`);
    expect(given).toMatchObject({
      ...{ specification: 'base', evaluation: '3', state: 'given-up', changes: 2, attempts: 1 },
      ...{ nextTryAt: null, lastAnswer: '410 closed' },
    });
    const [status, one] = await ask('GET', `/${String(given?.['id'])}`);
    expect([status, one]).toMatchObject([
      200,
      {
        told: [
          { job: 'failure', status: 'broken', build: '101' },
          { job: 'success', status: 'fixed', build: '102' },
        ],
        tries: [{ number: 1, delivered: false, answer: '410 closed' }],
      },
    ]);
    const [, delivered] = await ask('GET', '?state=delivered&specification=base&evaluation=3');
    expect(delivered.items.map(({ receiver }) => receiver)).toEqual([`webhook:${hooks.url}/open`]);
    const [, page] = await ask('GET', '?limit=1');
    const [, rest] = await ask('GET', `?limit=1&cursor=${String(page['next'])}`);
    expect([page.items[0], rest.items[0], rest['next']]).toEqual([...list, null]);
    const open = await fetch(`${farm.address}/api/v1/notifications`);
    expect(open.status).toBe(401);
    expect((await ask('GET', '/999'))[0]).toBe(404);
  });

  it('has a message sent again, and keeps what was answered before', async () => {
    const [, { items }] = await ask('GET', '?state=given-up');
    const id = String(items[0]?.['id']);
    await run('resend', id);
    const tries = await answered('a second try', async () => {
      const [, one] = await ask('GET', `/${id}`);
      return (one['tries'] as unknown[]).length === 2 ? one['tries'] : null;
    });
    expect(tries).toMatchObject([{ number: 1 }, { number: 2, answer: '410 closed' }]);
    const keys = hooks.at('/gone').all.map(({ headers }) => headers['webhook-id']);
    expect(new Set(keys).size).toBe(1);
    expect(await run('show', id)).toMatch(/given-up\nof base, evaluation 3\n {2}failure \(x86/);
    expect((await ask('POST', '/999/resend'))[0]).toBe(404);
  });

  it('tries every receiver of a specification when it is asked to', async () => {
    const told = await run('test', 'base');
    expect(told).toContain(`failed  webhook:${hooks.url}/gone: 410 closed\n`);
    expect(told).toContain(`ok      webhook:${hooks.url}/open: 200 thank you\n`);
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
    const { body } = hooks.at('/open').all.at(-1)!;
    expect(JSON.parse(body)).toMatchObject({ type: 'notification.test' });
    expect(await run('list', '--state', 'given-up')).toMatch(/\d+ +base +trial +webhook:/);
    expect((await ask('POST', '/test', { specification: 'quiet' }))[0]).toBe(422);
    expect((await ask('POST', '/test', { specification: 'nobody' }))[0]).toBe(404);
  });
});
