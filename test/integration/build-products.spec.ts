/** Files of outputs, from the wish in a specification to a download. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PostgresProductStore } from '#adapters/postgres/product-store.js';
import { productKey } from '#domain/substitute/file-key.js';
import { formatHash, sha256 } from '#formats/hash.js';
import { encodeNar, type NarNode } from '#formats/nar.js';
import type { BuildAnswer } from '#protocol/api/build.js';
import type { BuildProductAnswer } from '#protocol/api/build-product.js';
import { answered } from '#testkit/eventually.js';
import { startBackends, type Backends } from '../clients/nginx-farm.js';
import { startTestSubstituter, type TestSubstituter } from './substituter-harness.js';

const file = (text: string | Uint8Array): NarNode => ({
  type: 'regular',
  executable: false,
  contents: Buffer.from(text),
});
const link = (target: string): NarNode => ({ type: 'symlink', target: Buffer.from(target) });
const folder = (entries: Record<string, NarNode>): NarNode => ({
  type: 'directory',
  entries: Object.entries(entries)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, node]) => ({ name: Buffer.from(name), node })),
});

const image = Buffer.alloc(3_000_000, 'boots anywhere ');
const page = '<script>alert(document.domain)</script>';
const tree = folder({
  'a "name".html': file(page),
  images: folder({ 'image-1.0.iso': file(image), 'latest.iso': link('image-1.0.iso') }),
  out: link('/etc/passwd'),
});
const wishes = [
  { job: '^image$', type: 'iso', path: 'images/latest.iso' },
  { job: '^ima', type: 'page', path: 'a "name".html' },
  { job: 'image', type: 'folder', path: 'images' },
  { job: 'image', type: 'nothing', path: 'images/image-2.0.iso' },
  { job: 'image', type: 'password', path: 'out' },
  { job: 'image', type: 'debug', output: 'debug', path: 'x' },
  { job: '^manual$', type: 'manual' },
  { job: 'broken|waiting', type: 'never', path: 'x' },
  { job: '^mage$', type: 'misspelt', path: 'x' },
];

/** Otherwise nobody waits for the next look. */
const full = process.env['GAMBESON_TEST_FULL'] === '1';
let farm: Backends;
let again: TestSubstituter;
const builds: Record<string, number> = {};

beforeAll(async () => {
  farm = await startBackends();
  await specify();
  await seed();
  // Those that were offered before it starts, it looks for at once.
  await farm.substituter.close();
  const { dataDirectory, databaseUrl } = farm.api.parts.settings;
  const same = { GAMBESON_DATA: dataDirectory, DATABASE_URL: databaseUrl };
  again = await startTestSubstituter(farm.postgres, same);
}, 60_000);
afterAll(async () => {
  await again?.close();
  await farm?.stop();
});

async function specify(): Promise<void> {
  const { adminToken } = farm.api.parts;
  const made = await fetch(`${farm.api.address}/api/v1/specifications`, {
    method: 'POST',
    headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      name: 'images',
      backend: 'nix',
      channels: [{ name: 'main', url: 'https://example.org/x.git' }],
      selection: { file: 'default.nix' },
      buildOutputs: wishes,
    }),
  });
  const told = (await made.json()) as { specification: { buildOutputs: object[] } };
  expect([made.status, told.specification?.buildOutputs[6]]).toEqual([
    201,
    { job: '^manual$', type: 'manual', output: 'out', path: '' },
  ]);
}

/** An evaluation that has ended, with four jobs; all but one have outputs that are offered. */
async function seed(): Promise<void> {
  const { database } = farm.api.parts;
  const [evaluation] = await database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
       trigger, status, ended_at)
     select id, 1, 'd', 1, 'poll', 'succeeded', now() from specifications returning id`,
  );
  await database.query('select ensure_evaluation_partitions($1)', [evaluation!.id]);
  for (const [at, name] of ['image', 'manual', 'broken', 'waiting'].entries()) {
    const status = { broken: 'failed', waiting: 'scheduled' }[name] ?? 'succeeded';
    const path = `${String(at).repeat(32)}-${name}-1.0`;
    builds[name] = await job({ evaluation: evaluation!.id, name, status, path });
    if (status !== 'failed') await offer(path, name === 'image' ? tree : file('read me\n'));
  }
}

interface Job {
  readonly evaluation: number;
  readonly name: string;
  readonly status: string;
  readonly path: string;
}

async function job({ evaluation, name, status, path }: Job): Promise<number> {
  const [row] = await farm.api.parts.database.query<{ id: number }>(
    `with d as (
       insert into derivations (store_id, path, name, package_name, system)
       select id, $4::text || '.drv', $2, $2, 'x86_64-linux' from stores where slug = 'nix'
       returning id, store_id),
     b as (insert into builds (id, evaluation_id, status) select id, $1, $3 from d),
     o as (insert into outputs (derivation_id, name, store_id, path)
           select id, 'out', store_id, $4 from d),
     n as (insert into job_names (name) values ($2) returning id),
     j as (insert into jobs (evaluation_id, name_id, system, build_id)
           select $1, n.id, 'x86_64-linux', d.id from n, d)
     select id from d`,
    [evaluation, name, status, path],
  );
  return row!.id;
}

async function offer(path: string, node: NarNode): Promise<void> {
  const nar = encodeNar(node);
  const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
  const bytes = (async function* () {
    yield nar;
  })();
  await farm.substituter.service.putNar({ slug: 'nix', path, nar: bytes });
  const offered = { path, narHash, narSize: nar.length, references: [] };
  await farm.substituter.service.offer('nix', offered);
}

async function productsOf(name: string): Promise<BuildProductAnswer[]> {
  const answer = await fetch(`${farm.api.address}/api/v1/builds/${builds[name]}`);
  return ((await answer.json()) as BuildAnswer).products;
}

async function settled(name: string): Promise<Map<string, BuildProductAnswer>> {
  return answered(`the products of ${name}`, async () => {
    const products = await productsOf(name);
    const awaited = products.some(({ state }) => state === 'awaited');
    if (products.length === 0 || awaited) return null;
    return new Map(products.map((product) => [product.type, product]));
  });
}

async function download(
  type: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<Response> {
  const product = (await settled(type === 'manual' ? type : 'image')).get(type);
  return fetch(`${farm.api.address}${product!.file!.download}`, { headers, method });
}

const hex = (bytes: Uint8Array | string): string =>
  createHash('sha256').update(bytes).digest('hex');

describe('a build product', () => {
  it('is told with its size and hash when its build has succeeded', async () => {
    const products = await settled('image');
    expect(products.get('iso')).toMatchObject({
      ...{ output: 'out', path: 'images/latest.iso', state: 'there', reason: null },
      file: { name: 'latest.iso', size: image.length, sha256: hex(image) },
    });
    const manual = (await settled('manual')).get('manual')!.file!;
    expect(manual).toMatchObject({ name: 'manual-1.0', size: 8, sha256: hex('read me\n') });
    expect(manual.download).toMatch(/^\/download\/\d+$/);
  });

  it('that cannot be offered says why', async () => {
    const products = await settled('image');
    const refused = [...products.values()].filter(({ state }) => state === 'refused');
    expect(Object.fromEntries(refused.map(({ type, reason }) => [type, reason]))).toEqual({
      folder: 'it is a directory',
      nothing: 'the output has no such file',
      password: 'a link on the way leads out of the output',
      debug: 'the derivation has no such output',
    });
    expect(products.has('misspelt')).toBe(false);
  });

  it('of a build that has not succeeded is awaited', async () => {
    // Even where its output is offered, since another build may have made it.
    await Promise.all(['image', 'manual'].map(settled));
    expect(await new PostgresProductStore(farm.api.parts.database).claim()).toBeNull();
    for (const name of ['broken', 'waiting']) {
      expect(await productsOf(name)).toEqual([
        expect.objectContaining({ type: 'never', state: 'awaited', file: null }),
      ]);
    }
  });

  it('stands on the page of its build', async () => {
    await settled('image');
    const answer = await fetch(`${farm.api.address}/builds/${builds['image']}`);
    const text = await answer.text();
    expect(text).toMatch(/<a href="\/download\/\d+">latest\.iso<\/a>/);
    expect(text).toContain('it is a directory');
  });

  it('is wished for by patterns that can be read alone', async () => {
    const { adminToken } = farm.api.parts;
    const refused = await fetch(`${farm.api.address}/api/v1/specifications`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        ...{ name: 'wrong', backend: 'nix', selection: { file: 'default.nix' } },
        channels: [{ name: 'main', url: 'https://example.org/x.git' }],
        buildOutputs: [{ job: '(', type: 'iso', path: '../x' }],
      }),
    });
    const { errors } = (await refused.json()) as { errors: { pointer: string }[] };
    const pointers = errors.map(({ pointer }) => pointer);
    expect([refused.status, pointers]).toEqual([
      422,
      expect.arrayContaining(['/buildOutputs/0/job', '/buildOutputs/0/path']),
    ]);
  });

  it('is each pack of a specification that wishes for nothing else', async () => {
    const { database } = farm.api.parts;
    const selection = { packs: { manifest: 'pack.scm', formats: ['docker'] } };
    const [evaluation] = await database.query<{ id: number }>(
      `with s as (insert into specifications (name, version) values ('packs', 1)
                  returning id),
       v as (insert into specification_versions (specification_id, version, document)
             select id, 1, $1::jsonb from s)
       insert into evaluations (specification_id, specification_version, revisions_digest, try,
         trigger, status)
       select id, 1, 'd', 1, 'poll', 'started' from s returning id`,
      [JSON.stringify({ selection })],
    );
    await database.query('select ensure_evaluation_partitions($1)', [evaluation!.id]);
    const names = ['pack.docker.x86_64-linux', 'hello.x86_64-linux'];
    for (const [at, name] of names.entries()) {
      const path = `${'pq'[at]!.repeat(32)}-${name}`;
      builds[name] = await job({ evaluation: evaluation!.id, name, status: 'scheduled', path });
    }
    await database.query(`update evaluations set status = 'succeeded', ended_at = now()
      where id = ${evaluation!.id}`);
    await new PostgresProductStore(database).wish();
    expect(await Promise.all(names.map(productsOf))).toEqual([
      [expect.objectContaining({ type: 'docker', state: 'awaited' })],
      [],
    ]);
  });
});

describe('a download', () => {
  it('is the file, to be saved under its name', async () => {
    const answer = await download('iso');
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, bytes.equals(image)]).toEqual([200, true]);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'accept-ranges': 'bytes',
      'cache-control': 'public, max-age=43200',
      'content-disposition': 'attachment; filename="latest.iso"',
      'content-length': String(image.length),
      'content-type': 'application/x-iso9660-image',
      etag: `"${hex(image)}"`,
    });
  });

  it('is never run by a browser at the dashboard’s address', async () => {
    const answer = await download('page');
    expect(await answer.text()).toBe(page);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-disposition': expect.stringMatching(/^attachment; filename="a _name_\.html"; /),
      'content-security-policy': "default-src 'none'; sandbox",
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
    });
  });

  it('tells its length to who asks for the head alone', async () => {
    const answer = await download('iso', {}, 'HEAD');
    expect([answer.status, answer.headers.get('content-length')]).toEqual([
      200,
      String(image.length),
    ]);
  });

  it.each([
    ['bytes=0-9', 0, 10],
    ['bytes=2999990-', 2_999_990, 3_000_000],
    ['bytes=-5', 2_999_995, 3_000_000],
    ['bytes=10-99999999', 10, 3_000_000],
  ])('goes on where it was cut: %s', async (range, start, end) => {
    const answer = await download('iso', { range });
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect([answer.status, answer.headers.get('content-range')]).toEqual([
      206,
      `bytes ${start}-${end - 1}/${image.length}`,
    ]);
    expect(bytes.equals(image.subarray(start, end))).toBe(true);
  });

  it('beyond its end is refused, and of another version is whole', async () => {
    const beyond = await download('iso', { range: 'bytes=3000000-' });
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, 'bytes */3000000']);
    const other = await download('iso', { range: 'bytes=0-9', 'if-range': '"another"' });
    expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, image.length]);
    const same = await download('iso', { range: 'bytes=0-9', 'if-range': `"${hex(image)}"` });
    expect([same.status, await same.text()]).toEqual([206, image.toString().slice(0, 10)]);
  });

  it('is not sent again to who has it', async () => {
    const answer = await download('iso', { 'if-none-match': `"x", W/"${hex(image)}"` });
    expect([answer.status, await answer.text()]).toEqual([304, '']);
    const since = new Date(Date.now() + 1000).toUTCString();
    expect((await download('iso', { 'if-modified-since': since })).status).toBe(304);
  });

  it('is there for who may read its store, and for as long as its output', async () => {
    const { database } = farm.api.parts;
    const path = (await settled('manual')).get('manual')!.file!.download;
    const status = async (): Promise<number> => (await fetch(`${farm.api.address}${path}`)).status;
    await database.query(`update stores set private = true where slug = 'nix'`);
    expect(await status()).toBe(404);
    await database.query(`update stores set private = false where slug = 'nix'`);
    expect(await status()).toBe(200);
    await database.query(`delete from store_paths where path like '%-manual-1.0'`);
    expect(await status()).toBe(404);
    expect(await productsOf('manual')).toEqual([]);
    for (const wrong of ['/download/4711', '/download/x', '/download/']) {
      expect((await fetch(`${farm.api.address}${wrong}`)).status).toBe(404);
    }
  });

  it('whose file got lost is taken out of its nar anew', async () => {
    const { file } = (await settled('image')).get('page')!;
    const hash = formatHash({ algorithm: 'sha256', digest: sha256(Buffer.from(page)) });
    const key = productKey(hash);
    await rm(join(again.data, 'nars', 'files', key.slice(0, 2), key));
    expect((await fetch(`${farm.api.address}${file!.download}`)).status).toBe(404);
    const lost = (await productsOf('image')).find(({ type }) => type === 'page');
    expect(lost).toMatchObject({ state: 'awaited', file: null });
    if (full)
      expect((await settled('image')).get('page')!.file).toMatchObject({ sha256: hex(page) });
  });

  it('leaves nothing behind of files that were looked for in vain', async () => {
    expect(await readdir(join(again.data, 'nars', 'staging'))).toEqual([]);
  });
});
