/** Access tokens and stores over the REST API. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startApiFarm, type ApiFarm } from './api-farm.js';

let farm: ApiFarm;

beforeAll(async () => {
  farm = await startApiFarm();
}, 60_000);
afterAll(() => farm?.stop());

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly items: Record<string, unknown>[] };
}

async function ask(
  method: string,
  path: string,
  sent: { readonly body?: unknown; readonly token?: string } = {},
): Promise<Answer> {
  const response = await fetch(`${farm.address}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${sent.token ?? farm.parts.adminToken}`,
      ...(/^P(ATCH|UT)$/.test(method) && { 'if-match': '*' }),
      ...(sent.body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(sent.body !== undefined && { body: JSON.stringify(sent.body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

describe('a store', () => {
  it('is added for pushes, changed, and told', async () => {
    const key = `team-1:${Buffer.alloc(32, 1).toString('base64')}`;
    const body = { slug: 'team', dir: '/nix/store', host: 'team.example.org', private: true };
    expect(await ask('POST', '/api/v1/stores', { body })).toMatchObject({
      status: 201,
      body: { slug: 'team', kind: 'pushed', private: true, trustedKeys: [] },
    });
    const kept = { ttlSeconds: 3600, trustedKeys: [key], private: false, host: null };
    const changes = { ...kept, encodings: ['gzip'] };
    expect(await ask('PATCH', '/api/v1/stores/team', { body: changes })).toMatchObject({
      status: 200,
      body: { ...changes, priority: 40, mode: 'mirror', dir: '/nix/store' },
    });
    const usual = { body: { encodings: null } };
    expect(await ask('PATCH', '/api/v1/stores/team', usual)).toMatchObject({
      body: { ...kept, encodings: null },
    });
    const { body: list } = await ask('GET', '/api/v1/stores');
    expect(list.items.map(({ slug }) => slug)).toEqual(['guix', 'local', 'nix', 'team']);
  });

  it('is not added where it makes no sense', async () => {
    const good = { slug: 'other', dir: '/nix/store' };
    await ask('POST', '/api/v1/stores', { body: { ...good, host: 'other.example.org' } });
    for (const [more, status] of [
      [{}, 409],
      [{ slug: 'third', host: 'other.example.org' }, 409],
      [{ slug: 'nar' }, 422],
      [{ slug: '../x' }, 422],
      [{ slug: 'fourth', dir: 'store' }, 422],
      [{ slug: 'fourth', dir: '/nix/../etc' }, 422],
      [{ slug: 'fourth', kind: 'farm' }, 422],
      [{ slug: 'fourth', trustedKeys: ['no key'] }, 422],
    ] as const) {
      const answer = await ask('POST', '/api/v1/stores', { body: { ...good, ...more } });
      expect([more, answer.status]).toEqual([more, status]);
    }
    expect((await ask('PATCH', '/api/v1/stores/nobody', { body: {} })).status).toBe(404);
    const body = { host: 'other.example.org' };
    expect((await ask('PATCH', '/api/v1/stores/nix', { body })).status).toBe(409);
  });
});

describe('an access token', () => {
  const make = (body: unknown): Promise<Answer> => ask('POST', '/api/v1/tokens', { body });

  it('is told once, and lies hashed', async () => {
    const wish = { name: 'CI', store: 'team', access: 'write', lifeSeconds: 60 };
    const made = await make(wish);
    expect(made).toMatchObject({ status: 201, body: { store: 'team', state: 'good' } });
    const token = String(made.body['token']);
    expect(token).toMatch(/^gbt_[A-Za-z0-9_-]{43}$/);
    const listed = await ask('GET', '/api/v1/tokens');
    expect(listed.body.items[0]).toMatchObject({ id: made.body['id'], lastUsedAt: null });
    expect(JSON.stringify(listed.body)).not.toContain(token);
    const rows = await farm.parts.database.query('select * from access_tokens');
    expect(JSON.stringify(rows)).not.toContain(token.slice(4));
  });

  it('is revoked for good, and no other is touched', async () => {
    const [one, two] = [
      await make({ name: 'one', store: 'team', access: 'read' }),
      await make({ name: 'two', store: 'team', access: 'read' }),
    ];
    const address = `/api/v1/tokens/${String(one.body['id'])}`;
    expect((await ask('DELETE', address)).status).toBe(204);
    expect((await ask('DELETE', address)).status).toBe(204);
    const { items } = (await ask('GET', '/api/v1/tokens')).body;
    const states = items.filter(({ name }) => name === 'one' || name === 'two');
    expect(states.map(({ state }) => state)).toEqual(['good', 'revoked']);
    expect(two.status).toBe(201);
    expect((await ask('DELETE', '/api/v1/tokens/999')).status).toBe(404);
  });

  it('is not made without a scope, nor for writing to what the farm builds', async () => {
    for (const wish of [
      { name: 'x', access: 'read' },
      { name: 'x', access: 'write', store: 'nix' },
      { name: 'x', access: 'read', store: 'nobody' },
      { name: 'x', access: 'read', specification: 'nobody' },
      { name: 'x', access: 'admin', store: 'team' },
      { name: 'x\u001b[2J', access: 'read', store: 'team' },
      { access: 'read', store: 'team' },
    ]) {
      expect([wish, (await make(wish)).status]).toEqual([wish, 422]);
    }
  });

  it('whose specification is none says which of those named it is', async () => {
    const wish = { name: 'x', role: 'viewer', specifications: ['nobody'] };
    const { body } = await make(wish);
    expect(body['errors']).toMatchObject([{ pointer: '/specifications/0' }]);
  });

  it('opens none of the api itself', async () => {
    const made = await make({ name: 'x', store: 'team', access: 'write' });
    const token = String(made.body['token']);
    for (const [method, path, status] of [
      ['GET', '/api/v1/tokens', 401],
      ['GET', '/api/v1/stores', 401],
      // It is known whose it is, and another try would end the same.
      ['POST', '/jobset/packages/hook/evaluate', 403],
    ] as const) {
      expect([path, (await ask(method, path, { token })).status]).toEqual([path, status]);
    }
  });

  it('of a maintainer lends no credential of the farm to another address', async () => {
    const document = {
      ...{ name: 'lent', backend: 'local', selection: { file: 'farm.json' }, active: false },
      channels: [{ name: 'main', url: 'https://example.org/lent.git', credential: 'ours' }],
    };
    const made = await ask('POST', '/api/v1/specifications', { body: document });
    expect(made.status).toBe(201);
    const role = { name: 'Max', role: 'maintainer', specifications: ['lent'], access: 'read' };
    const token = String((await make(role)).body['token']);
    const path = '/api/v1/specifications/lent';
    const [channel] = document.channels;
    const evil = { ...document, channels: [{ ...channel, url: 'https://evil.example.net/' }] };
    expect(await ask('PUT', path, { body: evil, token })).toMatchObject({
      ...{ status: 403, body: { errors: [{ pointer: '/channels/0/credential' }] } },
    });
    const next = { ...document, channels: [{ ...channel, branch: 'next' }] };
    expect((await ask('PUT', path, { body: next, token })).status).toBe(200);
    expect((await ask('PUT', path, { body: evil })).status).toBe(200);
  });

  it('of a specification has it evaluated, and no other', async () => {
    for (const name of ['mine', 'other']) {
      const body = {
        ...{ name, backend: 'local', selection: { file: 'farm.json' }, active: false },
        channels: [{ name: 'main', url: 'https://example.org/main.git' }],
      };
      expect((await ask('POST', '/api/v1/specifications', { body })).status).toBe(201);
    }
    const made = await make({ name: 'forge', specification: 'mine', access: 'write' });
    const token = String(made.body['token']);
    // 500: it was let in, and the specification is inactive.
    expect((await ask('POST', '/jobset/mine/hook/evaluate', { token })).status).toBe(500);
    expect((await ask('POST', '/jobset/other/hook/evaluate', { token })).status).toBe(403);
    const reader = await make({ name: 'reader', specification: 'mine', access: 'read' });
    const weak = { token: String(reader.body['token']) };
    expect((await ask('POST', '/jobset/mine/hook/evaluate', weak)).status).toBe(403);
  });
});
