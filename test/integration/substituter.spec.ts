/** The substituter over HTTP, with a real Postgres and a real disk. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readdir, rm, stat, truncate } from 'node:fs/promises';
import http from 'node:http';
import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { SubstituterClient } from '#adapters/substituter-client/client.js';
import { parseNarinfo } from '#formats/narinfo.js';
import { parseNixPublicKey, verifyNix } from '#formats/nix-signature.js';
import { FarmFault } from '#std/farm-fault.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  onePiece,
  raw,
  sampleNar,
  startTestSubstituter,
  type SampleNar,
  type TestSubstituter,
} from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;

beforeAll(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres, { GAMBESON_MAX_NAR_BYTES: String(8 * 1024 ** 2) });
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
});

async function upload(sample: SampleNar, token = farm.serviceToken, more = {}): Promise<Problem> {
  const answer = await raw(`${farm.address}/nix/uploads/${sample.path}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/zstd', ...more },
    body: sample.compressed,
  });
  return { ...JSON.parse(answer.body.toString()), answer };
}

type Problem = Record<string, unknown> & { answer: Awaited<ReturnType<typeof raw>> };

async function principalsOf(sample: SampleNar): Promise<unknown[]> {
  const { database } = farm;
  return database.query('select principal from uploads where path = $1', [sample.path]);
}

async function offer(sample: SampleNar, references: string[] = []): Promise<void> {
  const narSize = sample.nar.length;
  await farm.service.offer('nix', {
    path: sample.path,
    narHash: sample.narHash,
    narSize,
    references,
  });
}

async function publish(sample: SampleNar, references: string[] = []): Promise<void> {
  await farm.service.putNar({ slug: 'nix', path: sample.path, nar: onePiece(sample.nar) });
  await offer(sample, references);
}

async function stored(): Promise<{ staged: number; files: string[] }> {
  const names = async (folder: string): Promise<string[]> =>
    readdir(join(farm.data, 'nars', folder), { recursive: true }).catch(() => []);
  const files = (await names('files')).filter((name) => name.includes('.nar'));
  return { staged: (await names('staging')).length, files };
}

function narPath(file: string): string {
  return join(farm.data, 'nars', 'files', file.slice(0, 2), file);
}

async function offeredFile(sample: SampleNar): Promise<string> {
  const { body } = await raw(`${farm.address}/nix/${sample.path.slice(0, 32)}.narinfo`);
  return /^URL: nar\/(.*)$/m.exec(body.toString())![1]!;
}

describe('what everybody may read', () => {
  it('tells each store its directory, and the nix store also at the root', async () => {
    const info = (dir: string): string => `StoreDir: ${dir}\nWantMassQuery: 1\nPriority: 40\n`;
    const body = async (path: string): Promise<string> =>
      (await raw(farm.address + path)).body.toString();
    expect(await body('/nix-cache-info')).toBe(info('/nix/store'));
    expect(await body('/nix/nix-cache-info')).toBe(info('/nix/store'));
    expect(await body('/guix/nix-cache-info')).toBe(info('/gnu/store'));
    expect((await raw(`${farm.address}/no-such-store/nix-cache-info`)).status).toBe(404);
  });

  it('signs the narinfo of an offered path with the key that it publishes', async () => {
    const a = sampleNar('a');
    const b = sampleNar('b');
    await publish(a);
    await publish(b, [a.path, b.path]);
    const { body, headers } = await raw(`${farm.address}/${'b'.repeat(32)}.narinfo`);
    const narinfo = parseNarinfo(body.toString());
    const key = parseNixPublicKey(farm.publicKey);
    if (!narinfo.ok || !key.ok) throw new Error('cannot be parsed');
    expect(verifyNix(key.value, narinfo.value)).toBe(true);
    expect(narinfo.value.references).toEqual([a.path, b.path]);
    expect(narinfo.value).toMatchObject({ narHash: b.narHash, narSize: b.nar.length });
    expect(Number(headers['content-length'])).toBe(body.length);
    expect((await raw(`${farm.address}/`)).body.toString()).toContain(farm.publicKey);
  });

  it('answers HEAD with the length and no body, for narinfos and nars', async () => {
    const c = sampleNar('c', 5000);
    await publish(c);
    const file = await offeredFile(c);
    const whole = await raw(`${farm.address}/nar/${file}`);
    expect(zstdDecompressSync(whole.body).equals(c.nar)).toBe(true);
    for (const path of [`/nar/${file}`, `/nix/${'c'.repeat(32)}.narinfo`]) {
      const got = await raw(farm.address + path);
      const head = await raw(farm.address + path, { method: 'HEAD' });
      expect(head.status).toBe(200);
      expect(head.body).toHaveLength(0);
      expect(head.headers['content-length']).toBe(String(got.body.length));
    }
  });

  it('denies what is not offered, and tells it when it is offered a moment later', async () => {
    const d = sampleNar('d');
    const url = `${farm.address}/nix/${'d'.repeat(32)}.narinfo`;
    expect((await raw(url)).status).toBe(404);
    await publish(d);
    expect((await raw(url)).status).toBe(200);
    expect((await raw(`${farm.address}/guix/${'d'.repeat(32)}.narinfo`)).status).toBe(404);
    expect((await raw(`${farm.address}/nar/${'0'.repeat(52)}.nar.zst`)).status).toBe(404);
  });

  it('never reads a file by a name that was not parsed', async () => {
    for (const path of [
      '/nar/../secrets/service-token',
      '/nar/%2e%2e%2fsecrets%2fservice-token',
      '/nix/nar/..%00.nar',
      '/nix/log/../../x.drv',
      '//nar/x',
      '/nix/%ZZ.narinfo',
    ]) {
      expect((await raw(farm.address + path)).status).toBe(404);
    }
  });

  it('does not tell a nar that lies there but is not offered', async () => {
    const f = sampleNar('f');
    const { fileHash } = await farm.service.putNar({
      slug: 'nix',
      path: f.path,
      nar: onePiece(f.nar),
    });
    const file = `${String(fileHash).slice('sha256:'.length)}.nar.zst`;
    await stat(narPath(file));
    expect((await raw(`${farm.address}/nix/nar/${file}`)).status).toBe(404);
  });

  it('answers 404 when a nar has lost bytes or is gone', async () => {
    const g = sampleNar('g', 3000);
    await publish(g);
    const file = await offeredFile(g);
    await truncate(narPath(file), 10);
    expect((await raw(`${farm.address}/nar/${file}`)).status).toBe(404);
    await rm(narPath(file));
    expect((await raw(`${farm.address}/nar/${file}`)).status).toBe(404);
  });

  it('refuses a PUT of what is only read', async () => {
    const headers = { 'content-length': '0' };
    for (const path of ['/nix-cache-info', '/nix/nix-cache-info', '/nar/x.nar', '/x']) {
      expect((await raw(farm.address + path, { method: 'PUT', headers })).status).toBe(405);
    }
  });

  it('tells its health', async () => {
    expect((await raw(`${farm.address}/livez`)).status).toBe(200);
    expect(JSON.parse((await raw(`${farm.address}/readyz`)).body.toString())).toEqual({
      status: 'ok',
      checks: { postgres: 'ok', 'nar-store': 'ok' },
    });
  });
});

describe('an upload', () => {
  it('is hashed here and answered; repeating it is harmless', async () => {
    const h = sampleNar('h');
    const first = await upload(h, farm.serviceToken, { 'x-nar-hash': h.narHash });
    expect(first.answer.status).toBe(201);
    expect(first).toMatchObject({
      path: h.path,
      narHash: h.narHash,
      narSize: h.nar.length,
      fileSize: h.compressed.length,
    });
    expect((await upload(h)).answer.status).toBe(200);
    const rows = await principalsOf(h);
    expect(rows).toEqual([{ principal: 'service' }]);
  });

  it('without a good credential is refused before its body is asked for', async () => {
    for (const token of ['', 'nonsense', '1.0000000000000001.'.padEnd(84, '0')]) {
      const refused = await upload(sampleNar('i'), token);
      expect(refused.answer).toMatchObject({ status: 401, continued: false });
      expect(refused.answer.headers['content-type']).toBe('application/problem+json');
    }
  });

  it('of an attempt lives and dies with its lease', async () => {
    const j = sampleNar('j');
    const [alive, overdue] = [await farm.lease(71, 60), await farm.lease(72, -1)];
    expect((await upload(j, alive)).answer.status).toBe(201);
    expect((await upload(sampleNar('z'), overdue)).answer.status).toBe(201);
    await farm.database.query('delete from leases where attempt_id = 72');
    const refused = await upload(j, overdue);
    expect(refused).toMatchObject({ type: 'urn:gambeson:problem:lease-lapsed', status: 403 });
    expect(refused.answer.continued).toBe(false);
    expect(await principalsOf(j)).toEqual([{ principal: 'attempt-71' }]);
  });

  it('whose bytes are not those it says is refused with both hashes', async () => {
    const other = sampleNar('k').narHash;
    const refused = await upload(sampleNar('l'), farm.serviceToken, { 'x-nar-hash': other });
    expect(refused).toMatchObject({
      status: 422,
      expected: other,
      actual: sampleNar('l').narHash,
    });
  });

  it('that is no nar, or no zstd, or has bytes after its end is refused', async () => {
    const m = sampleNar('m');
    const bodies = [
      zstdCompressSync(Buffer.from('this is not a nar, but long enough')),
      zstdCompressSync(Buffer.concat([m.nar, Buffer.from('more')])),
      zstdCompressSync(m.nar.subarray(0, m.nar.length - 8)),
      Buffer.from('neither nar nor zstd'),
      m.compressed.subarray(0, m.compressed.length - 1),
      Buffer.concat([m.compressed, Buffer.from('more')]),
      Buffer.alloc(0),
    ];
    for (const compressed of bodies) {
      const refused = await upload({ ...m, compressed });
      expect(refused.status).toBe(422);
    }
    expect((await stored()).staged).toBe(0);
  });

  it('that is refused at its beginning is answered, not cut', async () => {
    const compressed = Buffer.alloc(32 * 1024 ** 2, 'no zstd at all');
    const refused = await upload({ ...sampleNar('5'), compressed });
    expect(refused).toMatchObject({ status: 422, type: 'urn:gambeson:problem:not-zstd' });
  });

  it('that unfolds beyond the limit is refused while it unfolds', async () => {
    const bomb = sampleNar('n', 64 * 1024 ** 2);
    const refused = await upload(bomb);
    expect(refused).toMatchObject({ status: 413, type: 'urn:gambeson:problem:too-large' });
    expect((await stored()).staged).toBe(0);
  });

  it('under a name that is no store path is refused', async () => {
    for (const name of [
      '..%2f..%2fetc',
      'short-name',
      `${'e'.repeat(32)}-x`,
      `${'a'.repeat(32)}-.`,
    ]) {
      const refused = await raw(`${farm.address}/nix/uploads/${name}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${farm.serviceToken}` },
        body: Buffer.from('x'),
      });
      expect([name, refused.status]).toEqual([name, 400]);
    }
  });

  it('that is cut leaves nothing behind', async () => {
    const before = await stored();
    const p = sampleNar('p', 200_000);
    const request = http.request(`${farm.address}/nix/uploads/${p.path}`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${farm.serviceToken}`,
        'content-type': 'application/zstd',
        'content-length': p.compressed.length + 100_000,
        expect: '100-continue',
      },
    });
    request.on('error', () => undefined);
    request.flushHeaders();
    await once(request, 'continue');
    request.write(p.compressed);
    await until(async () => (await stored()).staged === 1);
    request.destroy();
    await until(async () => (await stored()).staged === 0);
    expect((await stored()).files).toEqual(before.files);
  });

  it('of equal bytes twice is stored once', async () => {
    const q = sampleNar('q');
    const before = await stored();
    await publish(q);
    await publish({ ...q, path: `${'r'.repeat(32)}-same-bytes` });
    expect((await stored()).files).toHaveLength(before.files.length + 1);
  });

  it('whose source fails throws what the source threw', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield sampleNar('s').nar.subarray(0, 100);
      throw new FarmFault('file-unreadable', 'the disk of the worker broke');
    }
    const path = sampleNar('s').path;
    await expect(farm.service.putNar({ slug: 'nix', path, nar: broken() })).rejects.toMatchObject({
      code: 'file-unreadable',
    });
    await until(async () => (await stored()).staged === 0);
  });

  it('by a client with a wrong token or to nobody is a fault of the farm', async () => {
    const sample = sampleNar('v', 4_000_000);
    const put = (client: SubstituterClient): Promise<unknown> =>
      client.putNar({ slug: 'nix', path: sample.path, nar: onePiece(sample.nar) });
    await expect(put(new SubstituterClient(farm.address, 'wrong'))).rejects.toMatchObject({
      code: 'upload-refused',
      retry: 'never',
      cause: { status: 401 },
    });
    await expect(put(new SubstituterClient('http://127.0.0.1:9', 'x'))).rejects.toMatchObject({
      code: 'substituter-unavailable',
      retry: 'later',
    });
  });
});

describe('an offer', () => {
  it('waits for its references, and names those that are missing', async () => {
    const w = sampleNar('w');
    const x = sampleNar('x');
    await farm.service.putNar({ slug: 'nix', path: w.path, nar: onePiece(w.nar) });
    await expect(offer(w, [x.path, w.path])).rejects.toMatchObject({
      code: 'upload-refused',
      cause: { status: 409, missing: [x.path] },
    });
    expect(await farm.service.isOffered('nix', w.path)).toBe(false);
    await publish(x);
    await offer(w, [x.path, w.path]);
    expect(await farm.service.isOffered('nix', w.path)).toBe(true);
    await offer(w, [x.path]);
    const rows = await farm.database.query('select 1 from uploads where path = $1', [w.path]);
    expect(rows).toEqual([]);
  });

  it('of other bytes under an offered path is refused', async () => {
    const y = sampleNar('y');
    await publish(y);
    const other = { ...sampleNar('z'), path: y.path };
    await farm.service.putNar({ slug: 'nix', path: y.path, nar: onePiece(other.nar) });
    await expect(offer(other)).rejects.toMatchObject({
      cause: { status: 409, narHash: y.narHash },
    });
  });

  it('of bytes that nobody uploaded is refused', async () => {
    await expect(offer(sampleNar('1'))).rejects.toMatchObject({ cause: { status: 409 } });
    const two = sampleNar('2');
    await farm.service.putNar({ slug: 'nix', path: two.path, nar: onePiece(two.nar) });
    const lie = { ...two, narHash: sampleNar('1').narHash };
    await expect(offer(lie)).rejects.toMatchObject({
      cause: { status: 409, narHash: two.narHash },
    });
  });

  it('with a content address that does not give its path is refused', async () => {
    const three = sampleNar('3');
    await farm.service.putNar({ slug: 'nix', path: three.path, nar: onePiece(three.nar) });
    const { path, narHash } = three;
    const wrong = { path, narHash, narSize: three.nar.length, references: [] };
    await expect(
      farm.service.offer('nix', { ...wrong, ca: `fixed:r:${narHash}` }),
    ).rejects.toMatchObject({ cause: { status: 422 } });
  });

  it('of an attempt, or with names that are no store paths, is refused', async () => {
    const four = sampleNar('4');
    const attempt = new SubstituterClient(farm.address, await farm.lease(73, 60));
    const offered = { path: four.path, narHash: four.narHash, narSize: 1, references: ['../x'] };
    await expect(attempt.offer('nix', offered)).rejects.toMatchObject({ cause: { status: 403 } });
    await expect(farm.service.offer('nix', offered)).rejects.toMatchObject({
      cause: { status: 400, errors: [{ pointer: '/references/0' }] },
    });
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const holds = async (): Promise<true | null> => ((await condition()) ? true : null);
  await answered('what must come to be', holds, 10_000);
}
