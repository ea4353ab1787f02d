/** Nars whole and in part, as clients, proxies and an nginx before the farm ask for them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { DiskLogStore } from '#adapters/log-store/disk-log-store.js';
import { encodeNix32 } from '#formats/base32.js';
import { formatHash, sha256, toHex } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { parseNarinfo } from '#formats/narinfo.js';
import { fixedOutputPath } from '#formats/store-path.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import {
  onePiece,
  raw,
  sampleNar,
  startTestSubstituter,
  type RawAnswer,
  type TestSubstituter,
} from './substituter-harness.js';

let postgres: TestPostgres;
let farm: TestSubstituter;
let address: string;
const sample = sampleNar('a', 50_000);

beforeAll(async () => {
  postgres = await startTestPostgres();
  farm = await startTestSubstituter(postgres, { GAMBESON_ACCEL_PREFIX: '/gambeson-nars/' });
  const { path, narHash, nar } = sample;
  await farm.service.putNar({ slug: 'nix', path, nar: onePiece(nar) });
  await farm.service.offer('nix', { path, narHash, narSize: nar.length, references: [] });
  const { body } = await raw(`${farm.address}/${'a'.repeat(32)}.narinfo`);
  address = `${farm.address}/${/^URL: (.*)$/m.exec(body.toString())![1]!}`;
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
});

const get = (headers: Record<string, string>, method = 'GET'): Promise<RawAnswer> =>
  raw(address, { method, headers });

describe('a nar', () => {
  it('may be kept as long as the store promises, and is asked for again by its hash', async () => {
    const { headers, body } = await get({});
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=7776000, immutable',
      'accept-ranges': 'bytes',
      'content-length': String(body.length),
    });
    expect(address).toContain(String(headers.etag).slice(1, -1));
    const again = await get({ 'if-none-match': `W/${headers.etag}` });
    expect([again.status, again.body.length]).toEqual([304, 0]);
  });

  it('is told in part, by one range of any form', async () => {
    const { body: whole } = await get({});
    const size = whole.length;
    const parts: [string, number, number][] = [
      ['bytes=0-9', 0, 10],
      ['bytes=5-', 5, size],
      ['bytes=-7', size - 7, size],
      [`bytes=10-${size + 100}`, 10, size],
      [`bytes=-${size + 100}`, 0, size],
    ];
    for (const [range, start, end] of parts) {
      const { status, headers, body } = await get({ range });
      expect([range, status, headers['content-range']]).toEqual([
        range,
        206,
        `bytes ${start}-${end - 1}/${size}`,
      ]);
      expect(body.equals(whole.subarray(start, end))).toBe(true);
    }
  });

  it('is told whole where a range is none, several, or of another version', async () => {
    const { body: whole, headers } = await get({});
    for (const asked of [
      { range: 'bytes=0-1,5-6' },
      { range: 'lines=1-2' },
      { range: 'bytes=9-5' },
      { range: 'bytes=-' },
      { range: 'bytes=0-9', 'if-range': '"another"' },
    ]) {
      const { status, body } = await get(asked);
      expect([asked, status, body.length]).toEqual([asked, 200, whole.length]);
    }
    const same = await get({ range: 'bytes=0-9', 'if-range': String(headers.etag) });
    expect(same.status).toBe(206);
    const head = await get({ range: 'bytes=0-9' }, 'HEAD');
    expect([head.status, head.headers['content-length']]).toEqual([200, String(whole.length)]);
  });

  it('has nothing beyond its end', async () => {
    const { body: whole } = await get({});
    for (const range of [`bytes=${whole.length}-`, 'bytes=-0', 'bytes=999999999-']) {
      const { status, headers } = await get({ range });
      expect([range, status, headers['content-range'], headers['content-length']]).toEqual([
        range,
        416,
        `bytes */${whole.length}`,
        '0',
      ]);
    }
  });

  it('whose client goes away in the middle harms nobody', async () => {
    const large = sampleNar('f');
    const contents = randomBytes(8 * 1024 ** 2);
    const nar = encodeNar({ type: 'regular', executable: false, contents });
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    await farm.service.putNar({ slug: 'nix', path: large.path, nar: onePiece(nar) });
    const told = { path: large.path, narHash, narSize: nar.length, references: [] };
    await farm.service.offer('nix', told);
    const url = `${farm.address}/nix/nar/zstd/${large.path}`;
    for (let i = 0; i < 5; i++) {
      const request = http.get(url, { agent: false });
      const [response] = (await once(request, 'response')) as [http.IncomingMessage];
      await once(response, 'data');
      request.destroy();
    }
    const { body } = await raw(url);
    expect(zstdDecompressSync(body).equals(nar)).toBe(true);
  });

  it('is left to the nginx that knows of the files, and to no other client', async () => {
    const { status, headers, body } = await get({ 'x-gambeson-accel': '1' });
    expect([status, body.length]).toEqual([200, 0]);
    const file = address.slice(address.lastIndexOf('/') + 1);
    expect(headers['x-accel-redirect']).toBe(`/gambeson-nars/files/${file.slice(0, 2)}/${file}`);
    expect((await get({})).headers['x-accel-redirect']).toBeUndefined();
  });

  it('also has the address that Guix gives it', async () => {
    const { body: whole } = await get({});
    const ask = (rest: string): Promise<RawAnswer> => raw(`${farm.address}/nix/nar/${rest}`);
    const { status, body } = await ask(`zstd/${sample.path}`);
    expect([status, body.equals(whole)]).toEqual([200, true]);
    for (const rest of [
      `gzip/${sample.path}`,
      `zstd/${sample.path}-other`,
      `zstd/${'b'.repeat(32)}-sample`,
      `zstd/..%2f${sample.path}`,
      `constructor/${sample.path}`,
      sample.path,
    ]) {
      expect([rest, (await ask(rest)).status]).toEqual([rest, 404]);
    }
  });
});

describe('what is read out of a nar', () => {
  it('is listed with the places of its files', async () => {
    const { body, status } = await raw(`${farm.address}/${'a'.repeat(32)}.ls`);
    const { root } = JSON.parse(body.toString()) as { root: { narOffset: number; size: number } };
    expect([status, root.size]).toEqual([200, 50_000]);
    const contents = Buffer.from(sample.nar).subarray(root.narOffset, root.narOffset + root.size);
    expect(contents.toString().startsWith('contents of a ')).toBe(true);
    const again = await raw(`${farm.address}/nix/${'a'.repeat(32)}.ls`, { method: 'HEAD' });
    expect(again.headers['content-length']).toBe(String(body.length));
    expect((await raw(`${farm.address}/${'b'.repeat(32)}.ls`)).status).toBe(404);
  });

  it('is a file by its name and hash, of the store that has it', async () => {
    const contents = Buffer.alloc(100_000, 'a source ');
    const hash = { algorithm: 'sha256', digest: sha256(contents) } as const;
    const dir = '/gnu/store';
    const name = 'c++-1.0.tar.gz';
    const full = fixedOutputPath({ dir, name, hash, recursive: false });
    const path = full.slice(dir.length + 1);
    const nar = encodeNar({ type: 'regular', executable: false, contents });
    const narHash = formatHash({ algorithm: 'sha256', digest: sha256(nar) });
    await farm.service.putNar({ slug: 'guix', path, nar: onePiece(nar) });
    await farm.service.offer('guix', { path, narHash, narSize: nar.length, references: [] });
    const escaped = 'c%2b%2b-1.0.tar.gz';
    for (const [named, digest] of [
      [name, encodeNix32(hash.digest)],
      [escaped, toHex(hash.digest)],
    ]) {
      const answer = await raw(`${farm.address}/guix/file/${named}/sha256/${digest}`);
      expect([answer.status, answer.body.equals(contents)]).toEqual([200, true]);
    }
    const other = toHex(sha256(nar));
    expect((await raw(`${farm.address}/guix/file/${name}/sha256/${other}`)).status).toBe(404);
    expect((await raw(`${farm.address}/guix/file/${name}/md4/00`)).status).toBe(404);
    expect((await raw(`${farm.address}/guix/file/..%2f/sha256/${other}`)).status).toBe(404);

    const told = await raw(`${farm.address}/guix/${path.slice(0, 32)}.narinfo`);
    const narinfo = parseNarinfo(told.body.toString());
    if (!narinfo.ok) throw new Error(narinfo.error.kind);
    const { url } = narinfo.value.encodings[0]!;
    expect(url).toBe(`nar/zstd/${path}`);
    for (const at of [url, url.replaceAll('+', '%2B')]) {
      const { body } = await raw(`${farm.address}/guix/${at}`);
      expect(zstdDecompressSync(body).equals(nar)).toBe(true);
    }
  });

  it('has the log of what made it, also by its own name', async () => {
    const deriver = `${'d'.repeat(32)}-sample.drv`;
    const [row] = await farm.database.query<{ id: number }>(
      `with made as (update store_paths set deriver = $1 where path = $2)
       insert into pushed_logs (store_id, derivation, hash, size)
       select id, $1, '', 5 from stores where slug = 'nix' returning id`,
      [deriver, sample.path],
    );
    const logs = new DiskLogStore(join(farm.data, 'logs'));
    await logs.append(`pushed-${row!.id}`, 0, Buffer.from('built'));
    await logs.close();
    for (const name of [deriver, sample.path]) {
      const { status, body } = await raw(`${farm.address}/nix/log/${name}`);
      expect([name, status, body.toString()]).toEqual([name, 200, 'built']);
    }
    expect((await raw(`${farm.address}/log/${'b'.repeat(32)}-sample`)).status).toBe(404);
  });

  it('is not what search engines are sent for', async () => {
    const { body } = await raw(`${farm.address}/robots.txt`);
    expect(body.toString()).toContain('Disallow: /');
  });
});
