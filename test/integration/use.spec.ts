/** How clients are told to use the farm, as JSON and as a page, from an api with its Postgres. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createNetServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { UseAnswer } from '#protocol/api/use.js';
import { answered } from '#testkit/eventually.js';
import { UseReader } from '../../apps/api/use/use-reader.js';
import { startApiFarm, type ApiFarm } from './api-farm.js';

let farm: ApiFarm;
let substituter: Server;
let asked = 0;
const publicAddress = 'https://substitutes.example.org';
const guixKey = '(public-key \n (ecc \n  (curve Ed25519)\n  (q #AB#)\n  )\n )\n';

beforeAll(async () => {
  substituter = createServer((request, response) => {
    asked += request.url?.endsWith('/signing-key.pub') ? 1 : 0;
    const info = request.url === '/guix/nix-cache-info';
    const key = request.url === '/guix/signing-key.pub';
    response.statusCode = info || key ? 200 : 404;
    response.end(key ? guixKey : info ? 'StoreDir: /gnu/store\n' : 'not found\n');
  });
  await new Promise<void>((resolve) => {
    substituter.listen(0, '127.0.0.1', resolve);
  });
  const { port } = substituter.address() as AddressInfo;
  farm = await startApiFarm({
    GAMBESON_SUBSTITUTER_URL: `http://127.0.0.1:${port}`,
    GAMBESON_SUBSTITUTES_URL: publicAddress,
  });
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await new Promise((resolve) => {
    substituter.close(resolve);
  });
});

async function use(): Promise<UseAnswer['stores']> {
  const answer = await fetch(`${farm.address}/api/v1/use`);
  expect(answer.status).toBe(200);
  return UseAnswer.parse(await answer.json()).stores;
}

describe('how clients use the farm', () => {
  it('is told for each store, with keys that lie here or are asked for', async () => {
    const folder = join(farm.parts.settings.dataDirectory, 'public-keys');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'nix.pub'), 'farm-2:BBBB\nfarm-1:AAAA\n');
    const stores = await use();
    const [guix, local, nix] = stores;
    expect(stores.map(({ slug }) => slug)).toEqual(['guix', 'local', 'nix']);
    expect(nix).toMatchObject({ address: publicAddress, dialect: 'nix', ttlSeconds: 7_776_000 });
    expect(nix!.keys.map(({ text }) => text)).toEqual(['farm-2:BBBB\n', 'farm-1:AAAA\n']);
    expect(nix!.lines[0]?.text).toContain('extra-trusted-public-keys = farm-2:BBBB farm-1:AAAA');
    expect(guix).toMatchObject({ address: `${publicAddress}/guix`, dialect: 'guix' });
    expect(guix!.keys).toEqual([
      { text: guixKey, fingerprint: createHash('sha256').update(guixKey).digest('hex') },
    ]);
    expect(guix!.lines[0]?.text).toContain(guixKey.trimEnd());
    expect(local).toMatchObject({ keys: [], lines: [] });
    expect(asked).toBe(2);
    expect([guix, nix].map((store) => store?.answering)).toMatchObject([
      { answers: true, fault: null },
      { answers: false, fault: 'HTTP status 404' },
    ]);
    await rm(folder, { recursive: true });
  });

  it('is a page, whose lines can be copied as they stand', async () => {
    const answer = await fetch(`${farm.address}/use`);
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const text = await answer.text();
    expect(text).toContain('<h2>/gnu/store (guix)</h2>');
    expect(text).toContain(`<a href="${publicAddress}/guix/nix-cache-info">`);
    expect(text).toContain('sudo guix archive --authorize &lt;&lt;');
    expect(text).toContain('at least 90 days');
    expect(text).toMatch(/<dt>Now<\/dt><dd>answers, in \d+ ms/);
    expect(text).toContain('does not answer: HTTP status 404');
    expect(text).toContain('aria-current="page" data-key="u">Use</a>');
    expect(text).not.toMatch(/undefined|\[object/);
  });

  it('says when something came last, and what was found broken', async () => {
    await farm.parts.database.execute(
      `insert into store_findings (found_by, store_id, path, kind, detail, done)
       select 'scrub', id, 'x', 'hash', 'other bytes', 'withdrawn' from stores where slug = 'guix'`,
    );
    await farm.parts.database.execute(
      `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
       select id, repeat('0', 32), repeat('0', 32) || '-x', 'sha256:x', 1
         from stores where slug = 'nix'`,
    );
    const [guix, , nix] = await use();
    expect(guix?.standing).toMatchObject({ broken: 1, withdrawn: 1, offeredAt: null });
    expect(nix?.standing).toMatchObject({ broken: 0, withdrawn: 0, brokenAt: null });
    expect(Date.parse(nix!.standing!.offeredAt!)).toBeGreaterThan(Date.now() - 60_000);
    const text = await (await fetch(`${farm.address}/use`)).text();
    expect(text).toContain('1 found broken in the last 30 days, 1 of them withdrawn');
    expect(text).toMatch(/Came last<\/dt><dd><time/);
  });

  it('is told without waiting for a substituter that is gone or silent', async () => {
    const silent = createNetServer((socket) => socket.resume());
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve);
    });
    const { port } = silent.address() as AddressInfo;
    const settings = { ...farm.parts.settings, substituterUrl: `http://127.0.0.1:${port}` };
    const reader = new UseReader(farm.parts.database, settings);
    const began = performance.now();
    const { stores } = await reader.read();
    expect(performance.now() - began).toBeLessThan(1000);
    expect(stores.map(({ answering }) => answering)).toEqual([null, null, null]);
    const answers = async () => (await reader.read()).stores[0]?.answering ?? null;
    expect(await answered('that it is silent', answers)).toMatchObject({
      ...{ answers: false, fault: 'no answer' },
    });
    await new Promise((resolve) => {
      silent.close(resolve);
    });
  });

  it('is silent about stores that need a token', async () => {
    await farm.parts.database.execute('update stores set private = true where slug = $1', ['nix']);
    expect((await use()).map(({ slug }) => slug)).toEqual(['guix', 'local']);
    await farm.parts.database.execute('update stores set private = false where slug = $1', ['nix']);
  });
});
