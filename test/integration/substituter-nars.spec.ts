/** Nars whole and in part, as clients, proxies and an nginx before the farm ask for them. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
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
