/** Pins, releases and collections of garbage over the REST API. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PostgresDiskStore } from '#adapters/postgres/disk-store.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';
import { pathOf } from './garbage-farm.js';
import { seedFarm, type Seeded } from './seeded-farm.js';

let farm: ApiFarm;
let seeded: Seeded;

beforeAll(async () => {
  farm = await startApiFarm();
  seeded = await seedFarm(farm.parts.database, farm.parts.logs);
  await farm.parts.database.execute(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
     select id, left($1, 32), $1, 'sha256:x', 1 from stores where slug in ('nix', 'guix')`,
    [pathOf('both')],
  );
}, 60_000);
afterAll(async () => {
  await farm?.stop();
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { items?: Record<string, unknown>[] };
}

async function ask(method: string, path: string, body?: unknown): Promise<Answer> {
  const said = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(`${farm.address}/api/v1${path}`, {
    ...{ method, ...said },
    headers: {
      authorization: `Bearer ${farm.parts.adminToken}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

describe('a pin', () => {
  it('is put on an offered path, read by everybody, and removed', async () => {
    const path = `/nix/store/${pathOf('both')}`;
    const added = await ask('POST', '/pins', { path, note: 'the installer' });
    expect(added).toMatchObject({ status: 201, body: { items: [{ store: 'nix', path }] } });
    const again = await ask('POST', '/pins', { path, expiresAt: '2100-01-01T00:00:00Z' });
    const [pin] = again.body.items!;
    expect(pin).toMatchObject({ note: '', expiresAt: '2100-01-01T00:00:00.000Z' });
    const listed = await fetch(`${farm.address}/api/v1/pins`);
    expect(await listed.json()).toEqual({ items: [pin] });
    expect(await ask('DELETE', `/pins/${String(pin!['id'])}`)).toMatchObject({ status: 204 });
    expect(await ask('DELETE', `/pins/${String(pin!['id'])}`)).toMatchObject({ status: 404 });
  });

  it('by base name holds in every store that offers it, unless one is named', async () => {
    const path = pathOf('both');
    expect((await ask('POST', '/pins', { path, store: 'guix' })).body.items).toHaveLength(1);
    expect((await ask('POST', '/pins', { path })).body.items).toHaveLength(2);
  });

  it('is refused for what is not offered, and for what is no store path', async () => {
    const missing = await ask('POST', '/pins', { path: pathOf('xyz') });
    expect(missing).toMatchObject({ status: 404 });
    const wrong = await ask('POST', '/pins', { path: '../../etc/passwd' });
    expect(wrong).toMatchObject({ status: 422, body: { errors: [{ pointer: '/path' }] } });
  });
});

describe('a release', () => {
  it('names an evaluation that succeeded, and stays as history when it has expired', async () => {
    const { evaluation } = seeded;
    const request = { name: '24.11', evaluation: String(evaluation), note: 'for everybody' };
    const created = await ask('POST', '/releases', request);
    expect(created).toMatchObject({
      status: 201,
      body: { name: '24.11', specification: 'demo', expiresAt: null, expired: false },
    });
    const expiresAt = '2020-01-01T00:00:00Z';
    await ask('POST', '/releases', { ...request, expiresAt });
    const { body } = await ask('GET', '/releases?name=24.11');
    expect(body.items).toMatchObject([{ id: created.body['id'], expired: true }]);
  });

  it('is refused for an evaluation that failed, is pruned or unknown', async () => {
    const { database } = farm.parts;
    const evaluation = String(seeded.evaluation);
    await database.execute(`update evaluations set status = 'failed'`);
    const failed = await ask('POST', '/releases', { name: 'a', evaluation });
    expect(failed).toMatchObject({
      status: 409,
      body: { detail: expect.stringMatching(/failed/) },
    });
    await database.execute(`update evaluations set status = 'succeeded', pruned_at = now()`);
    expect(await ask('POST', '/releases', { name: 'a', evaluation })).toMatchObject({
      ...{ status: 409, body: { detail: expect.stringMatching(/builds are gone/) } },
    });
    const unknown = await ask('POST', '/releases', { name: 'a', evaluation: '999' });
    expect(unknown).toMatchObject({ status: 404 });
  });
});

describe('a collection of garbage', () => {
  it('is wished for by the admin alone, and told of to everybody', async () => {
    const wished = await ask('POST', '/collections', { dryRun: true, wantedBytes: 1000 });
    expect(wished).toMatchObject({
      status: 202,
      body: { dryRun: true, wantedBytes: 1000, phase: 'waiting', finishedAt: null },
    });
    const open = await fetch(`${farm.address}/api/v1/collections/${String(wished.body['id'])}`);
    expect(await open.json()).toEqual(wished.body);
    expect((await ask('POST', '/collections')).body).toMatchObject({ dryRun: false });
    expect((await ask('GET', '/collections?limit=1')).body.items).toMatchObject([{ id: '2' }]);
    const refused = await fetch(`${farm.address}/api/v1/collections`, { method: 'POST' });
    expect(refused.status).toBe(401);
  });
});

describe('a disk that is short', () => {
  it('is told by the API and on every page, until it is roomy again', async () => {
    const disks = new PostgresDiskStore(farm.parts.database);
    const page = async (): Promise<string> => (await fetch(`${farm.address}/queue`)).text();
    const disk = { name: 'substituter on one', place: 'the nar store', freeBytes: 5 };
    await disks.tell({ ...disk, level: 'hard', totalBytes: 100 });
    expect((await ask('GET', '/farm')).body).toMatchObject({
      disk: 'hard',
      disks: [{ ...disk, level: 'hard', totalBytes: 100, since: expect.any(String) }],
    });
    expect(await page()).toMatch(/<main [^>]*><div role="status">.*5 B of 100 B are free for/);
    await disks.tell({ ...disk, level: 'roomy', totalBytes: 100 });
    expect((await ask('GET', '/farm')).body).toEqual({ disk: 'roomy', disks: [] });
    expect(await page()).not.toMatch(/are free for/);
  });

  it('is not believed any more when nobody has said so for a minute', async () => {
    const { database } = farm.parts;
    const disk = { name: 'gone', place: 'evaluations', freeBytes: 5, totalBytes: 100 };
    await new PostgresDiskStore(database).tell({ ...disk, level: 'soft' });
    await database.execute(`update disks set seen_at = now() - interval '61 seconds'`);
    expect((await ask('GET', '/farm')).body).toEqual({ disk: 'roomy', disks: [] });
  });
});
