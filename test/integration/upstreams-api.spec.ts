/** Upstreams over the REST API: added, listed, tried and removed. */
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { basenameOfName, UpstreamServer } from '#testkit/upstream-server.js';
import { upstreamCommand } from '../../apps/cli/upstream/upstream-command.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

let farm: ApiFarm;
let upstream: UpstreamServer;

beforeAll(async () => {
  [farm, upstream] = await Promise.all([startApiFarm(), UpstreamServer.start()]);
}, 60_000);

afterAll(async () => {
  await farm?.stop();
  await upstream?.stop();
});

interface Told {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function call(method: string, path: string, body?: unknown): Promise<Told> {
  const answer = await fetch(`${farm.address}/api/v1/upstreams${path}`, {
    method,
    headers: {
      authorization: `Bearer ${farm.parts.adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? {} : JSON.parse(text) };
}

function request(more: object = {}): object {
  return { store: 'nix', url: `${upstream.url}/`, publicKeys: [upstream.publicKey], ...more };
}

describe('the upstreams of a farm', () => {
  it('are added, listed, tried and removed', async () => {
    const added = await call('POST', '', request());
    expect(added).toMatchObject({
      status: 201,
      body: { store: 'nix', url: upstream.url, position: 100, failingSince: null, believed: 0 },
    });
    expect(await call('POST', '', request())).toMatchObject({ status: 409 });
    const runtime = upstream.publish({ path: basenameOfName('runtime'), contents: 'r' });
    const path = basenameOfName('app');
    upstream.publish({ path, contents: 'a', references: [runtime] });
    const of = `/${String(added.body['id'])}`;
    expect((await call('POST', `${of}/try`)).body).toMatchObject({ ok: true });
    const tried = await call('POST', `${of}/try`, { path: `/nix/store/${path}` });
    expect(tried.body).toMatchObject({ ok: true, steps: [{}, {}, { name: 'closure' }] });
    upstream.unpublish(runtime);
    const broken = await call('POST', `${of}/try`, { path });
    expect(broken.body).toMatchObject({
      ok: false,
      steps: [{ ok: true }, { ok: true }, { ok: false, detail: `it lacks ${runtime}` }],
    });
    expect(await call('DELETE', of)).toMatchObject({ status: 204 });
    expect(await call('DELETE', of)).toMatchObject({ status: 404 });
    expect((await call('GET', '')).body).toEqual({ items: [], fetching: 0 });
  });

  it('are refused with the reason', async () => {
    const url = 'https://name:secret@cache.example.org';
    expect(await call('POST', '', request({ url }))).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/url' }] },
    });
    expect(await call('POST', '', request({ store: 'attic' }))).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/store' }] },
    });
    const keys = { publicKeys: [upstream.publicKey, 'cache.example.org-1:AAAA'] };
    expect(await call('POST', '', request(keys))).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/publicKeys/1', detail: 'is not NAME:BASE64' }] },
    });
    expect(await call('POST', '', request({ store: 'guix' }))).toMatchObject({ status: 422 });
  });

  it('are no upstreams of another store directory', async () => {
    upstream.files.set('/nix-cache-info', Buffer.from('StoreDir: /gnu/store\n'));
    const added = await call('POST', '', request());
    const tried = await call('POST', `/${String(added.body['id'])}/try`);
    expect(tried.body).toEqual({
      ok: false,
      steps: [{ name: 'nix-cache-info', ok: false, detail: 'serves /gnu/store, not /nix/store' }],
    });
  });

  it('are not changed without the admin token', async () => {
    const answer = await fetch(`${farm.address}/api/v1/upstreams`, { method: 'POST' });
    expect(answer.status).toBe(401);
  });
});

describe('the command', () => {
  /** What it prints. */
  async function gambeson(...words: string[]): Promise<string> {
    let said = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
    const farmed = ['--farm', farm.address, '--admin-token-file'];
    const options = [...farmed, farm.parts.settings.adminTokenFile];
    try {
      await upstreamCommand().parseAsync([...words, ...options], { from: 'user' });
    } finally {
      write.mockRestore();
    }
    return said;
  }

  it('adds an upstream, lists it, has it tried, and removes it', async () => {
    const other = await UpstreamServer.start();
    const { url } = other;
    const added = ['add', `${url}/`, '--store', 'nix', '--key', other.publicKey];
    const id = (await gambeson(...added)).trim();
    expect(id).toMatch(/^\d+$/);
    expect(await gambeson('list')).toContain(`${id}  nix  ${url}  (position 100)  0 paths`);
    expect(await gambeson('test', id)).toBe('ok      nix-cache-info: serves /nix/store\n');
    await other.stop();
    expect(await gambeson('test', id)).toMatch(/^broken {2}nix-cache-info: .*ECONNREFUSED/);
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
    await gambeson('remove', id);
    expect(await gambeson('list')).not.toContain(url);
    await expect(gambeson('remove', id)).rejects.toThrow(/no upstream/);
  });
});
