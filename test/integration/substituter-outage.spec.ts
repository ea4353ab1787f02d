/** The substituter while it stops, and while Postgres is away. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  onePiece,
  raw,
  sampleNar,
  startTestSubstituter,
  type TestSubstituter,
} from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;

beforeEach(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres);
}, 60_000);

describe('without Postgres', () => {
  it('a known narinfo is told, an unknown one is neither denied nor invented', async () => {
    const a = sampleNar('a');
    await farm.service.putNar({ slug: 'nix', path: a.path, nar: onePiece(a.nar) });
    const { path, narHash } = a;
    await farm.service.offer('nix', { path, narHash, narSize: a.nar.length, references: [] });
    const known = await raw(`${farm.address}/${'a'.repeat(32)}.narinfo`);
    await raw(`${farm.address}/nix-cache-info`);
    await postgres.stop();

    const again = await raw(`${farm.address}/${'a'.repeat(32)}.narinfo`);
    expect(again).toMatchObject({ status: 200, body: known.body });
    expect((await raw(`${farm.address}/nix-cache-info`)).status).toBe(200);
    const url = /^URL: (.*)$/m.exec(known.body.toString())![1]!;
    expect((await raw(`${farm.address}/${url}`)).status).toBe(200);

    const unknown = await raw(`${farm.address}/${'b'.repeat(32)}.narinfo`);
    expect(unknown.status).toBe(503);
    expect(unknown.headers['retry-after']).toBe('5');
    expect((await raw(`${farm.address}/livez`)).status).toBe(200);
    expect((await raw(`${farm.address}/readyz`)).status).toBe(503);
    const b = sampleNar('b');
    const put = farm.service.putNar({ slug: 'nix', path: b.path, nar: onePiece(b.nar) });
    await expect(put).rejects.toMatchObject({ code: 'substituter-unavailable' });
    expect(await readdir(join(farm.data, 'nars', 'staging'))).toEqual([]);
  });

  afterEach(async () => {
    await farm.stop({ databaseGone: true });
  });
});

describe('told to stop', () => {
  it('finishes the upload that is under way', async () => {
    const c = sampleNar('c', 100_000);
    const request = http.request(`${farm.address}/nix/uploads/${c.path}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${farm.serviceToken}`,
        'content-type': 'application/zstd',
        'content-length': c.compressed.length,
        expect: '100-continue',
      },
    });
    request.flushHeaders();
    await once(request, 'continue');
    const stopping = farm.close();
    request.end(c.compressed);
    const [response] = (await once(request, 'response')) as [http.IncomingMessage];
    expect(response.statusCode).toBe(201);
    response.resume();
    await stopping;
    await expect(fetch(farm.address)).rejects.toThrow('fetch failed');
  });

  it('keeps its key: the next start signs with the same', async () => {
    const secrets = join(farm.data, 'secrets');
    expect((await stat(join(secrets, 'signing-key.sec'))).mode & 0o777).toBe(0o600);
    const next = await startTestSubstituter(postgres, { GAMBESON_DATA: farm.data });
    expect(next.publicKey).toBe(farm.publicKey);
    await next.close();
  });

  afterEach(async () => {
    await farm.stop();
    await postgres.stop();
  });
});
