/**
 * What the four forges send, to an api and a coordinator on a real Postgres and Redis: what is
 * believed, what follows, and what does not. The polls that follow are counted, not made.
 */
import { createHmac } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { BullPollTimers } from '#adapters/redis/poll-timers.js';
import { PostgresRequestStore } from '#adapters/postgres/forge-requests.js';
import type { PollCall } from '#application/ports/poll-timers.js';
import { forgeKinds, type ForgeKind } from '#domain/forge/forge.js';
import type { ForgeDeliveryAnswer } from '#protocol/api/forge.js';
import { answered } from '#testkit/eventually.js';
import {
  recordedDelivery,
  recordedSecrets,
  type RecordedDelivery,
} from '#testkit/recorded-deliveries.js';
import { Coordinator } from '../../apps/coordinator/coordinator.js';
import { openCoordinator } from '../../apps/coordinator/coordinator-parts.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

let farm: ApiFarm;
let coordinator: Coordinator;
let timers: BullPollTimers;
const calls: PollCall[] = [];

const homes: Readonly<Record<ForgeKind, readonly [address: string, channel: string]>> = {
  github: ['https://github.com', 'https://github.com/example/channel'],
  gitlab: ['https://gitlab.example.org', 'ssh://git@gitlab.example.org/group/sub/channel.git'],
  gitea: ['https://gitea.example.org', 'ssh://git@GITEA.example.org:2222/Example/Channel'],
  forgejo: ['https://codeberg.example.org', 'https://codeberg.example.org/example/channel.git'],
};
const repositories: Readonly<Record<ForgeKind, string>> = {
  ...{ github: 'Example/Channel', gitlab: 'Group/Sub/channel' },
  ...{ gitea: 'example/channel', forgejo: 'example/channel' },
};

beforeAll(async () => {
  farm = await startApiFarm({ GAMBESON_TICK_SECONDS: '0.5' });
  coordinator = new Coordinator(openCoordinator(farm.parts.settings));
  await coordinator.onApplicationBootstrap();
  timers = new BullPollTimers(farm.parts.queue);
  await timers.consume(async (call) => void calls.push(call), 1);
  const secrets = farm.parts.settings.credentialsDirectory;
  await mkdir(secrets, { recursive: true });
  for (const kind of forgeKinds) {
    await writeFile(join(secrets, `${kind}-hook`), recordedSecrets[kind], { mode: 0o600 });
    const forge = { kind, address: homes[kind][0], secrets: ['not-there-yet', `${kind}-hook`] };
    expect((await ask('PUT', `/api/v1/forges/${kind}`, forge)).status).toBe(200);
    await specify(`${kind}-main`, homes[kind][1]);
  }
}, 60_000);

afterAll(async () => {
  await coordinator?.beforeApplicationShutdown();
  await coordinator?.onApplicationShutdown();
  await timers?.close();
  await farm?.stop();
}, 30_000);

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly items: Record<string, unknown>[] };
}

async function ask(method: string, path: string, body?: object): Promise<Answer> {
  const response = await fetch(`${farm.address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${farm.parts.adminToken}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

async function specify(name: string, url: string, more: object = {}): Promise<void> {
  const body = {
    ...{ name, backend: 'local', selection: { file: 'farm.json' }, period: 86_400 },
    channels: [{ name: 'packages', url, branch: 'main' }],
    ...more,
  };
  expect((await ask('PUT', `/api/v1/specifications/${name}`, body)).status).toBe(200);
}

async function tell(path: string, { headers, body }: RecordedDelivery): Promise<Answer> {
  const { host: _, 'content-length': __, ...sent } = headers;
  const to = `${farm.address}${path}`;
  const bytes = new Uint8Array(body);
  const response = await fetch(to, { method: 'POST', headers: sent, body: bytes });
  return { status: response.status, body: JSON.parse(await response.text()) };
}

async function deliveries(forge: string): Promise<ForgeDeliveryAnswer[]> {
  const { body } = await ask('GET', `/api/v1/forge-deliveries?forge=${forge}`);
  return body.items as unknown as ForgeDeliveryAnswer[];
}

/** The delivery once the coordinator has done it. */
function done(forge: string, delivery: unknown): Promise<ForgeDeliveryAnswer> {
  return answered(`delivery ${String(delivery)} of ${forge}`, async () => {
    const found = (await deliveries(forge)).find((one) => one.delivery === delivery);
    return found && found.state !== 'waiting' ? found : null;
  });
}

async function tellRecorded(kind: ForgeKind, name: string): Promise<ForgeDeliveryAnswer> {
  const { status, body } = await tell(`/webhooks/${kind}`, await recordedDelivery(kind, name));
  expect([kind, name, status, body['receipt']]).toEqual([kind, name, 202, 'accepted']);
  return done(kind, body['delivery']);
}

async function changed(kind: ForgeKind, how: string): Promise<RecordedDelivery> {
  const { headers, body } = await recordedDelivery(kind, 'push');
  if (how === 'unsigned') {
    const kept = Object.entries(headers).filter(([name]) => !/signature|token/.test(name));
    return { headers: Object.fromEntries(kept), body };
  }
  if (kind === 'gitlab') return { headers: { ...headers, 'x-gitlab-token': 'guessed' }, body };
  const hex = createHmac('sha256', 'guessed').update(body).digest('hex');
  const names = Object.keys(headers).filter((name) => /signature/.test(name));
  const marks = names.map((name) => [name, /hub/.test(name) ? `sha256=${hex}` : hex]);
  return { headers: { ...headers, ...Object.fromEntries(marks) }, body };
}

describe.each(forgeKinds)('a delivery of %s', (kind) => {
  it.each(['unsigned', 'wrongly signed'])(
    '%s is refused, and nothing is kept of it',
    async (how) => {
      const { status, body } = await tell(`/webhooks/${kind}`, await changed(kind, how));
      expect([status, body['status']]).toEqual([401, 401]);
      expect(JSON.stringify(body)).not.toContain(recordedSecrets[kind]);
      expect(await deliveries(kind)).toEqual([]);
    },
  );

  it('of a push has whoever follows the branch look at it, once', async () => {
    calls.length = 0;
    const { body: spec } = await ask('GET', `/api/v1/specifications/${kind}-main`);
    expect(await tellRecorded(kind, 'push')).toMatchObject({
      ...{ event: expect.stringMatching(/push/i), outcome: 'triggered', repeated: 0 },
      ...{ specifications: [`${kind}-main`], detail: expect.stringContaining('1'.repeat(40)) },
    });
    const called = { specification: Number(spec['id']), trigger: 'hook' };
    await answered('the call', async () => (calls.length > 0 ? true : null));
    const push = await recordedDelivery(kind, 'push');
    expect(await tell(`/webhooks/${kind}`, push)).toMatchObject({
      ...{ status: 202, body: { receipt: 'repeated' } },
    });
    // The ids of deliveries are not signed: who takes another one is known by the body.
    const ids = Object.entries(push.headers).map(([name, value]) => [
      ...[name, /delivery|idempotency/.test(name) ? 'another-id' : value],
    ]);
    const replayed = { ...push, headers: Object.fromEntries(ids) as Record<string, string> };
    expect((await tell(`/webhooks/${kind}`, replayed)).body['receipt']).toBe('repeated');
    const [only, ...others] = await deliveries(kind);
    expect([only!.repeated, others]).toEqual([2, []]);
    expect(calls).toEqual([called]);
  });

  it.each([
    ['of another branch', 'push-other-branch', 'No specification follows wip'],
    ['of a branch that is gone', 'push-deleted-branch', 'is gone'],
    ['of a tag', 'push-tag', /no branch|tag_push/],
  ])('%s is heard and ignored', async (_, name, detail) => {
    calls.length = 0;
    expect(await tellRecorded(kind, name)).toMatchObject({
      ...{ outcome: 'ignored', specifications: [], detail: expect.stringMatching(detail) },
    });
    expect(calls).toEqual([]);
  });

  it('of a request makes, moves and ends a specification of its own', async () => {
    const name = `${kind}-main-pr-12`;
    const path = `/api/v1/specifications/${name}`;
    const template = { repository: repositories[kind], specification: `${kind}-main` };
    const admits = { admits: 'everyone', maxRunning: 2, priority: 7 };
    const body = { ...template, ...admits };
    expect((await ask('POST', `/api/v1/forges/${kind}/templates`, body)).status).toBe(200);
    expect(await tellRecorded(kind, 'request-opened')).toMatchObject({
      ...{ outcome: 'opened', specifications: [name] },
    });
    const [opened, updated] = ['1'.repeat(40), '2'.repeat(40)];
    const spec = { trust: 'untrusted', maxRunning: 2, priority: 7, active: true };
    const channel = (commit: string) => ({ commit, branch: 'update-hello', name: 'packages' });
    const first = await ask('GET', path);
    expect(first.body).toMatchObject({
      specification: { ...spec, channels: [channel(opened)] },
    });
    expect(await tellRecorded(kind, 'request-updated')).toMatchObject({ outcome: 'updated' });
    const second = await ask('GET', path);
    expect(second.body).toMatchObject({
      ...{ id: first.body['id'], version: 2, specification: { channels: [channel(updated)] } },
    });
    expect((await ask('GET', `/api/v1/forges/${kind}/templates`)).body.items).toMatchObject([
      { ...template, repository: repositories[kind].toLowerCase(), open: 1 },
    ]);
    expect(await tellRecorded(kind, 'request-closed')).toMatchObject({ outcome: 'ended' });
    expect((await ask('GET', path)).status).toBe(404);
    const stores = (await ask('GET', '/api/v1/stores')).body.items.map(({ slug }) => slug);
    expect(stores).toContain('local-untrusted');
  });
});

describe('a forge', () => {
  it('says that it is heard, in JSON or as a form', async () => {
    expect(await tellRecorded('github', 'ping')).toMatchObject({ outcome: 'answered' });
    expect(await tellRecorded('github', 'push-as-form')).toMatchObject({ outcome: 'triggered' });
    expect(await tellRecorded('github', 'star')).toMatchObject({ outcome: 'ignored' });
  });

  it('that is not known is not heard', async () => {
    const push = await recordedDelivery('github', 'push');
    expect((await tell('/webhooks/nobody', push)).status).toBe(404);
    expect((await tell('/webhooks/gitea', push)).status).toBe(401);
  });

  it('is told what it said wrong, in what it signed', async () => {
    const body = Buffer.from('{"ref": 7}');
    const mark = createHmac('sha256', recordedSecrets.github).update(body).digest('hex');
    const headers = { 'x-hub-signature-256': `sha256=${mark}`, 'x-github-event': 'push' };
    expect(await tell('/webhooks/github', { headers, body })).toMatchObject({
      ...{ status: 400, body: { detail: expect.stringContaining('ref') } },
    });
    const large = Buffer.alloc(26 * 1024 * 1024);
    const answer = await tell('/webhooks/github', { headers, body: large }).catch(() => null);
    expect([413, undefined]).toContain(answer?.status);
  });

  it('shows who sets it up what was refused, and which secrets can be read', async () => {
    const { items } = (await ask('GET', '/api/v1/forges')).body;
    expect(items.map(({ name }) => name)).toEqual(['forgejo', 'gitea', 'github', 'gitlab']);
    for (const item of items) {
      expect(item['refused']).toMatchObject({ why: expect.stringMatching('another') });
    }
    expect(items[2]).toMatchObject({
      apiAddress: 'https://api.github.com',
      statusCredential: null,
    });
    expect((await ask('POST', '/api/v1/forges/github/try')).body).toEqual({
      ok: false,
      steps: [
        {
          ...{ name: 'secret not-there-yet', ok: false },
          detail: 'the credential not-there-yet is not there',
        },
        { name: 'secret github-hook', ok: true, detail: 'can be read' },
      ],
    });
    const anybody = await fetch(`${farm.address}/api/v1/forges`);
    expect(anybody.status).toBe(401);
  });

  it('without any secret that can be read hears nothing, and is told to come again', async () => {
    const forge = { kind: 'gitea', address: 'https://mute.example.org', secrets: ['nowhere'] };
    await ask('PUT', '/api/v1/forges/mute', forge);
    const push = await recordedDelivery('gitea', 'push');
    expect((await tell('/webhooks/mute', push)).status).toBe(503);
    expect((await ask('PUT', '/api/v1/forges/mute', { ...forge, secrets: [] })).status).toBe(422);
    const bad = { ...forge, address: 'https://me:secret@mute.example.org' };
    expect((await ask('PUT', '/api/v1/forges/mute', bad)).status).toBe(422);
    expect((await ask('DELETE', '/api/v1/forges/mute')).status).toBe(204);
    expect((await tell('/webhooks/mute', push)).status).toBe(404);
  });
});

describe('where newer Cuirass hears of requests', () => {
  it.each(['gitlab', 'forgejo'] as const)('%s is answered in its words', async (kind) => {
    const path = `/admin/${kind}/event`;
    const opened = await recordedDelivery(kind, 'request-opened');
    expect(await tell(path, opened)).toEqual({
      ...{ status: 200, body: { jobset: `${kind}-main-pr-12` } },
    });
    const push = await recordedDelivery(kind, 'push');
    expect(await tell(path, push)).toMatchObject({ status: 400, body: { error: /no merge/ } });
    expect(await tell(path, await changed(kind, 'wrongly signed'))).toMatchObject({
      ...{ status: 401, body: { error: /none of the forges/ } },
    });
  });
});

describe('the specification of a request', () => {
  const name = 'gitea-main-pr-12';
  const path = `/api/v1/specifications/${name}`;

  /** As if the request of the fixture had just got a commit. */
  async function reopened(at: string): Promise<ForgeDeliveryAnswer> {
    const { headers, body } = await recordedDelivery('gitea', 'request-updated');
    const told = JSON.parse(body.toString('utf8'));
    told.pull_request.updated_at = at;
    told.action = 'reopened';
    const bytes = Buffer.from(JSON.stringify(told));
    const mark = createHmac('sha256', recordedSecrets.gitea).update(bytes).digest('hex');
    const sent = { ...headers, 'x-gitea-signature': mark, 'x-gitea-delivery': `at-${at}` };
    const { status, body: receipt } = await tell('/webhooks/gitea', { headers: sent, body: bytes });
    expect(status).toBe(202);
    return done('gitea', receipt['delivery']);
  }

  const gone = () =>
    answered(`${name} to be gone`, async () =>
      (await ask('GET', path)).status === 404 ? true : null,
    );

  it('is not made again by news from before the request was closed', async () => {
    const old = await reopened('2026-11-20T12:12:00+01:00');
    expect(old).toMatchObject({
      outcome: 'ignored',
      detail: expect.stringContaining('later news'),
    });
    expect((await ask('GET', path)).status).toBe(404);
  });

  it('of nobody else is ever touched', async () => {
    await specify(name, 'https://elsewhere.example.org/x.git', { active: false });
    const refused = await reopened('2026-11-20T13:00:00+01:00');
    expect(refused).toMatchObject({ outcome: 'refused', detail: expect.stringContaining(name) });
    expect((await ask('GET', path)).body).toMatchObject({ version: 1 });
    expect((await ask('DELETE', path)).status).toBe(204);
  });

  it('goes when its time is over, and when nobody speaks for it any more', async () => {
    expect(await reopened('2026-11-20T14:00:00+01:00')).toMatchObject({ outcome: 'opened' });
    const { database, bus } = farm.parts;
    await database.execute(`update forge_requests set expires_at = now() where state = 'open'`);
    await bus.publish('forges', '');
    await gone();
    expect(await reopened('2026-11-20T15:00:00+01:00')).toMatchObject({ outcome: 'opened' });
    const { items } = (await ask('GET', '/api/v1/forges/gitea/templates')).body;
    const template = `/api/v1/forges/gitea/templates/${String(items[0]!['id'])}`;
    expect((await ask('DELETE', template)).status).toBe(204);
    expect((await ask('DELETE', template)).status).toBe(404);
    await gone();
    const requests = new PostgresRequestStore(database);
    const key = { template: Number(items[0]!['id']), number: 12 };
    await answered('its end', async () =>
      (await requests.find(key))?.state === 'expired' ? true : null,
    );
  });
});
