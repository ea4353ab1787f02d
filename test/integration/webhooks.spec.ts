/**
 * What the four forges send, to an api and a coordinator on a real Postgres and Redis: what is
 * believed, what follows, and what does not. The polls that follow are counted, not made.
 */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { PostgresRequestStore } from '#adapters/postgres/forge-requests.js';
import { forgeKinds, type ForgeKind } from '#domain/forge/forge.js';
import type { ForgeDeliveryAnswer } from '#protocol/api/forge.js';
import { answered } from '#testkit/eventually.js';
import {
  recordedDelivery,
  recordedSecrets,
  type RecordedDelivery,
} from '#testkit/recorded-deliveries.js';
import { forgeCommand } from '../../apps/cli/forge/forge-command.js';
import { WebhookFarm } from './webhook-farm.js';

let farm: WebhookFarm;

const repositories: Readonly<Record<ForgeKind, string>> = {
  ...{ github: 'Example/Channel', gitlab: 'Group/Sub/channel' },
  ...{ gitea: 'example/channel', forgejo: 'example/channel' },
};

beforeAll(async () => {
  farm = await WebhookFarm.start();
}, 60_000);
afterAll(() => farm?.stop(), 30_000);

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
      const { status, body } = await farm.tell(`/webhooks/${kind}`, await changed(kind, how));
      expect([status, body['status']]).toEqual([403, 403]);
      expect(JSON.stringify(body)).not.toContain(recordedSecrets[kind]);
      expect(await farm.deliveries(kind)).toEqual([]);
    },
  );

  it('of a push has whoever follows the branch look at it, once', async () => {
    farm.calls.length = 0;
    const { body: spec } = await farm.ask('GET', `/api/v1/specifications/${kind}-main`);
    expect(await farm.tellRecorded(kind, 'push')).toMatchObject({
      ...{ event: expect.stringMatching(/push/i), outcome: 'triggered', repeated: 0 },
      ...{ specifications: [`${kind}-main`], detail: expect.stringContaining('1'.repeat(40)) },
    });
    const called = { specification: Number(spec['id']), trigger: 'hook' };
    await answered('the call', async () => (farm.calls.length > 0 ? true : null));
    const push = await recordedDelivery(kind, 'push');
    expect(await farm.tell(`/webhooks/${kind}`, push)).toMatchObject({
      ...{ status: 202, body: { receipt: 'repeated' } },
    });
    // The ids of deliveries are not signed: who takes another one is known by the body.
    const ids = Object.entries(push.headers).map(([name, value]) => [
      ...[name, /delivery|idempotency/.test(name) ? 'another-id' : value],
    ]);
    const replayed = { ...push, headers: Object.fromEntries(ids) as Record<string, string> };
    expect((await farm.tell(`/webhooks/${kind}`, replayed)).body['receipt']).toBe('repeated');
    const [only, ...others] = await farm.deliveries(kind);
    expect([only!.repeated, others]).toEqual([2, []]);
    expect(farm.calls).toEqual([called]);
  });

  it.each([
    ['of another branch', 'push-other-branch', 'No specification follows wip'],
    ['of a branch that is gone', 'push-deleted-branch', 'is gone'],
    ['of a tag', 'push-tag', /no branch|tag_push/],
  ])('%s is heard and ignored', async (_, name, detail) => {
    farm.calls.length = 0;
    expect(await farm.tellRecorded(kind, name)).toMatchObject({
      ...{ outcome: 'ignored', specifications: [], detail: expect.stringMatching(detail) },
    });
    expect(farm.calls).toEqual([]);
  });

  it('of a request makes, moves and ends a specification of its own', async () => {
    const name = `${kind}-main-pr-12`;
    const path = `/api/v1/specifications/${name}`;
    const template = { repository: repositories[kind], specification: `${kind}-main` };
    const admits = { admits: 'everyone', maxRunning: 2, priority: 7 };
    const body = { ...template, ...admits };
    expect((await farm.ask('POST', `/api/v1/forges/${kind}/templates`, body)).status).toBe(200);
    expect(await farm.tellRecorded(kind, 'request-opened')).toMatchObject({
      ...{ outcome: 'opened', specifications: [name] },
    });
    const [opened, updated] = ['1'.repeat(40), '2'.repeat(40)];
    const spec = { trust: 'untrusted', maxRunning: 2, priority: 7, active: true };
    const channel = (commit: string) => ({ commit, branch: 'update-hello', name: 'packages' });
    const first = await farm.ask('GET', path);
    expect(first.body).toMatchObject({
      specification: { ...spec, channels: [channel(opened)] },
    });
    expect(await farm.tellRecorded(kind, 'request-updated')).toMatchObject({ outcome: 'updated' });
    const second = await farm.ask('GET', path);
    expect(second.body).toMatchObject({
      ...{ id: first.body['id'], version: 2, specification: { channels: [channel(updated)] } },
    });
    expect((await farm.ask('GET', `/api/v1/forges/${kind}/templates`)).body.items).toMatchObject([
      { ...template, repository: repositories[kind].toLowerCase(), open: 1 },
    ]);
    expect(await farm.tellRecorded(kind, 'request-closed')).toMatchObject({ outcome: 'ended' });
    expect((await farm.ask('GET', path)).status).toBe(404);
    const stores = (await farm.ask('GET', '/api/v1/stores')).body.items.map(({ slug }) => slug);
    expect(stores).toContain('local-untrusted');
  });
});

describe('a forge', () => {
  it('says that it is heard, in JSON or as a form', async () => {
    expect(await farm.tellRecorded('github', 'ping')).toMatchObject({ outcome: 'answered' });
    expect(await farm.tellRecorded('github', 'push-as-form')).toMatchObject({
      outcome: 'triggered',
    });
    expect(await farm.tellRecorded('github', 'star')).toMatchObject({ outcome: 'ignored' });
  });

  it('that is not known is not heard', async () => {
    const push = await recordedDelivery('github', 'push');
    expect((await farm.tell('/webhooks/nobody', push)).status).toBe(404);
    expect((await farm.tell('/webhooks/gitea', push)).status).toBe(403);
  });

  it('is told what it said wrong, in what it signed', async () => {
    const body = Buffer.from('{"ref": 7}');
    const mark = createHmac('sha256', recordedSecrets.github).update(body).digest('hex');
    const headers = { 'x-hub-signature-256': `sha256=${mark}`, 'x-github-event': 'push' };
    expect(await farm.tell('/webhooks/github', { headers, body })).toMatchObject({
      ...{ status: 400, body: { detail: expect.stringContaining('ref') } },
    });
    const { headers: github, body: push } = await recordedDelivery('github', 'push');
    const nul = Buffer.from(
      push.toString('utf8').replace('refs/heads/main', 'refs/heads/a\\u0000'),
    );
    const hex = createHmac('sha256', recordedSecrets.github).update(nul).digest('hex');
    const sent = { ...github, 'x-hub-signature-256': `sha256=${hex}` };
    expect(await farm.tell('/webhooks/github', { headers: sent, body: nul })).toMatchObject({
      ...{ status: 400, body: { detail: expect.stringContaining('NUL') } },
    });
    const large = Buffer.alloc(26 * 1024 * 1024);
    const answer = await farm.tell('/webhooks/github', { headers, body: large }).catch(() => null);
    expect([413, undefined]).toContain(answer?.status);
  });

  it('shows who sets it up what was refused, and which secrets can be read', async () => {
    const { items } = (await farm.ask('GET', '/api/v1/forges')).body;
    expect(items.map(({ name }) => name)).toEqual(['forgejo', 'gitea', 'github', 'gitlab']);
    for (const item of items) {
      expect(item['refused']).toMatchObject({ why: expect.stringMatching('another') });
    }
    expect(items[2]).toMatchObject({
      apiAddress: 'https://api.github.com',
      statusCredential: null,
    });
    expect((await farm.ask('POST', '/api/v1/forges/github/try')).body).toEqual({
      ok: false,
      steps: [
        {
          ...{ name: 'secret not-there-yet', ok: false },
          detail: 'the credential not-there-yet is not there',
        },
        { name: 'secret github-hook', ok: true, detail: 'can be read' },
      ],
    });
    const anybody = await fetch(`${farm.api.address}/api/v1/forges`);
    expect(anybody.status).toBe(401);
  });

  it('without any secret that can be read hears nothing, and is told to come again', async () => {
    const forge = { kind: 'gitea', address: 'https://mute.example.org', secrets: ['nowhere'] };
    await farm.ask('PUT', '/api/v1/forges/mute', forge);
    const push = await recordedDelivery('gitea', 'push');
    expect((await farm.tell('/webhooks/mute', push)).status).toBe(503);
    expect((await farm.ask('PUT', '/api/v1/forges/mute', { ...forge, secrets: [] })).status).toBe(
      422,
    );
    const bad = { ...forge, address: 'https://me:secret@mute.example.org' };
    expect((await farm.ask('PUT', '/api/v1/forges/mute', bad)).status).toBe(422);
    expect((await farm.ask('DELETE', '/api/v1/forges/mute')).status).toBe(204);
    expect((await farm.tell('/webhooks/mute', push)).status).toBe(404);
  });
});

describe('where newer Cuirass hears of requests', () => {
  it.each(['gitlab', 'forgejo'] as const)('%s is answered in its words', async (kind) => {
    const path = `/admin/${kind}/event`;
    const opened = await recordedDelivery(kind, 'request-opened');
    expect(await farm.tell(path, opened)).toEqual({
      ...{ status: 200, body: { jobset: `${kind}-main-pr-12` } },
    });
    const push = await recordedDelivery(kind, 'push');
    expect(await farm.tell(path, push)).toMatchObject({ status: 400, body: { error: /no merge/ } });
    expect(await farm.tell(path, await changed(kind, 'wrongly signed'))).toMatchObject({
      ...{ status: 403, body: { error: /none of the forges/ } },
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
    const { status, body: receipt } = await farm.tell('/webhooks/gitea', {
      headers: sent,
      body: bytes,
    });
    expect(status).toBe(202);
    return farm.done('gitea', receipt['delivery']);
  }

  const gone = () =>
    answered(`${name} to be gone`, async () =>
      (await farm.ask('GET', path)).status === 404 ? true : null,
    );

  it('is not made again by news from before the request was closed', async () => {
    const old = await reopened('2026-11-20T12:12:00+01:00');
    expect(old).toMatchObject({
      outcome: 'ignored',
      detail: expect.stringContaining('later news'),
    });
    expect((await farm.ask('GET', path)).status).toBe(404);
  });

  it('of nobody else is ever touched', async () => {
    await farm.specify(name, 'https://elsewhere.example.org/x.git', { active: false });
    const refused = await reopened('2026-11-20T13:00:00+01:00');
    expect(refused).toMatchObject({ outcome: 'refused', detail: expect.stringContaining(name) });
    expect((await farm.ask('GET', path)).body).toMatchObject({ version: 1 });
    expect((await farm.ask('DELETE', path)).status).toBe(204);
  });

  it('goes when its time is over, and when nobody speaks for it any more', async () => {
    expect(await reopened('2026-11-20T14:00:00+01:00')).toMatchObject({ outcome: 'opened' });
    const { database, bus } = farm.api.parts;
    await database.execute(`update forge_requests set expires_at = now() where state = 'open'`);
    await bus.publish('forges', '');
    await gone();
    expect(await reopened('2026-11-20T15:00:00+01:00')).toMatchObject({ outcome: 'opened' });
    const { items } = (await farm.ask('GET', '/api/v1/forges/gitea/templates')).body;
    const template = `/api/v1/forges/gitea/templates/${String(items[0]!['id'])}`;
    expect((await farm.ask('DELETE', template)).status).toBe(204);
    expect((await farm.ask('DELETE', template)).status).toBe(404);
    await gone();
    const requests = new PostgresRequestStore(database);
    const key = { template: Number(items[0]!['id']), number: 12 };
    await answered('its end', async () =>
      (await requests.find(key))?.state === 'expired' ? true : null,
    );
  });
});

describe('a restart of the coordinator', () => {
  it('loses nothing that was answered', async () => {
    await farm.stopCoordinator();
    const body = Buffer.from((await recordedDelivery('forgejo', 'push')).body);
    body.write('2', body.indexOf('"after": "1') + 10);
    const mark = createHmac('sha256', recordedSecrets.forgejo).update(body).digest('hex');
    const headers = { 'x-forgejo-event': 'push', 'x-forgejo-signature': mark };
    const { status, body: receipt } = await farm.tell('/webhooks/forgejo', { headers, body });
    // Without an id of the forge's own the body is one.
    expect([status, receipt['delivery']]).toEqual([202, expect.stringMatching(/^sha256:/)]);
    expect((await farm.deliveries('forgejo'))[0]).toMatchObject({
      state: 'waiting',
      outcome: null,
    });
    farm.calls.length = 0;
    await farm.startCoordinator();
    expect(await farm.done('forgejo', receipt['delivery'])).toMatchObject({ outcome: 'triggered' });
    await answered('the call', async () => (farm.calls.length > 0 ? true : null));
  });
});

describe('the commands of forges', () => {
  async function run(...words: string[]): Promise<string> {
    const written: string[] = [];
    const hear = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      // What the farm itself logs, in this same process, is not the command's.
      if (!/\[api\]/.test(String(text))) written.push(String(text));
      return true;
    });
    const { adminTokenFile } = farm.api.parts.settings;
    const reached = ['--farm', farm.api.address, '--admin-token-file', adminTokenFile];
    try {
      await forgeCommand().parseAsync(['node', 'gambeson', ...words, ...reached]);
    } finally {
      hear.mockRestore();
    }
    return written.join('');
  }

  it('add a forge, tell of it, and remove it', async () => {
    const secrets = ['--secret', 'gitea-hook', '--secret', 'newer'];
    const address = ['--address', 'https://forge.example.org/'];
    expect(await run('add', 'mine', '--kind', 'gitea', ...address, ...secrets)).toBe(
      `Give its webhook the address ${farm.api.address}/webhooks/mine\n` +
        'and the secret that is in the credential gitea-hook or newer.\n',
    );
    expect(await run('list')).toMatch(
      /^mine {2}gitea {2}https:\/\/forge.example.org {2}nothing heard yet$/m,
    );
    expect(await run('test', 'mine')).toMatch(/^ok +secret gitea-hook: .*\nbroken +secret newer: /);
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
    const label = ['--admit', 'label', '--label', 'build', '--allow', 'Ann'];
    const like = ['--specification', 'gitea-main', ...label];
    const added = await run('requests', 'add', 'mine', 'Example/Channel', ...like);
    expect(added).toMatch(/^\d+ {2}example\/channel {2}like gitea-main {2}for those with the /);
    expect(added).toMatch(/label build and ann {2}0 of 20\n$/);
    const [listed] = JSON.parse(await run('requests', 'list', 'mine', '--json')).items;
    await run('requests', 'remove', 'mine', listed.id);
    expect(await run('requests', 'list', 'mine')).toBe('');
    expect(await run('deliveries', 'github', '--limit', '500')).toMatch(
      / github {2}push {2}triggered: main of example\/channel is at 1{40}\. {2}\[github-main\]/,
    );
    await run('remove', 'mine');
    await expect(run('test', 'mine')).rejects.toThrow('There is no forge mine');
  });
});
