/** Narinfos as clients and proxies may keep them, and as a farm takes them back. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { connect } from 'node:net';
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
  farm = await startTestSubstituter(postgres);
}, 60_000);
afterAll(async () => {
  await farm?.stop();
  await postgres?.stop();
});

async function publish(sample: SampleNar, slug = 'nix'): Promise<void> {
  const { path, narHash } = sample;
  await farm.service.putNar({ slug, path, nar: onePiece(sample.nar) });
  await farm.service.offer(slug, { path, narHash, narSize: sample.nar.length, references: [] });
}

const url = (letter: string): string => `${farm.address}/${letter.repeat(32)}.narinfo`;
const status = async (letter: string): Promise<number> => (await raw(url(letter))).status;
const sentenced = (letter: string): Promise<unknown> =>
  farm.database.query(
    `with gone as (update store_paths set withdrawn_at = now() where hash_part = $1)
     select tell_substitutes((select id from stores where slug = 'nix'), array[$1])`,
    [letter.repeat(32)],
  );
/** Until the farm answers so; it hears of changes a moment later. */
const comes = (letter: string, expected: number): Promise<unknown> =>
  answered(
    `${letter} is ${expected}`,
    async () => (await status(letter)) === expected || null,
    5000,
  );

describe('a narinfo', () => {
  it('says for how long it may be kept, and is asked for again by what it said', async () => {
    await publish(sampleNar('a'));
    const { headers } = await raw(url('a'));
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=86400',
      // As the client of this spec says itself.
      connection: 'close',
      date: expect.any(String),
    });
    expect(Math.abs(Date.parse(headers.date!) - Date.now())).toBeLessThan(5000);
    const by = async (conditions: Record<string, string>, method = 'GET'): Promise<number> =>
      (await raw(url('a'), { method, headers: conditions })).status;
    const [etag, modified] = [String(headers.etag), headers['last-modified']!];
    expect(await by({ 'if-none-match': etag })).toBe(304);
    expect(await by({ 'if-none-match': `"x", W/${etag}` }, 'HEAD')).toBe(304);
    expect(await by({ 'if-none-match': '"x"', 'if-modified-since': modified })).toBe(200);
    expect(await by({ 'if-modified-since': modified })).toBe(304);
    expect(await by({ 'if-modified-since': new Date(0).toUTCString() })).toBe(200);
    expect(await by({ 'if-modified-since': 'yesterday' })).toBe(200);
    // The same by Node's own HTTP, where the wire does not read.
    const connection = 'keep-alive, x';
    expect(await by({ 'if-none-match': etag, connection })).toBe(304);
    expect(await by({ connection })).toBe(200);
  });

  it('that is not there says so with its length, and for how long', async () => {
    const { status: told, headers, body } = await raw(url('b'));
    expect([told, body.toString()]).toEqual([404, 'not found\n']);
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=60',
      'content-length': '10',
    });
  });

  it('that is withdrawn is gone at once, and told again when it is back', async () => {
    await publish(sampleNar('c'));
    expect(await status('c')).toBe(200);
    await sentenced('c');
    await comes('c', 404);
    await farm.database.query('update store_paths set withdrawn_at = null where hash_part = $1', [
      'c'.repeat(32),
    ]);
    expect(await status('c')).toBe(200);
  });

  it('is asked of Postgres again when the news may have been missed', async () => {
    await publish(sampleNar('d'));
    expect(await status('d')).toBe(200);
    await farm.database.query('update store_paths set withdrawn_at = now() where hash_part = $1', [
      'd'.repeat(32),
    ]);
    expect(await status('d')).toBe(200);
    await farm.database.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and query = 'listen substitutes'`,
    );
    await comes('d', 404);
  });

  it('of a thousand that are asked at once is answered in its place', async () => {
    await publish(sampleNar('f'));
    const parts = Array.from({ length: 1000 }, (_, i) =>
      i % 10 === 0 ? 'f'.repeat(32) : String(i).padStart(32, '0'),
    );
    const { hostname, port } = new URL(farm.address);
    const socket = connect(Number(port), hostname);
    socket.write(parts.map((p) => `GET /${p}.narinfo HTTP/1.1\r\nHost: x\r\n\r\n`).join(''));
    socket.end();
    let text = '';
    socket.on('data', (bytes: Buffer) => (text += bytes.toString('latin1')));
    await once(socket, 'close');
    const statuses = text.match(/^HTTP\/1\.1 [0-9]{3}/gm)!.map((line) => line.slice(9));
    expect(statuses).toEqual(parts.map((_, i) => (i % 10 === 0 ? '200' : '404')));
  });
});

describe('a store', () => {
  it('with a host of its own answers at the root there', async () => {
    await farm.database.query(
      `with made as (insert into stores (slug, dir, key, host, priority, ttl_seconds, kind)
        values ('people', '/nix/store', 'people', 'People.example', 30, 3600, 'pushed')
        returning id)
       select tell_substitutes(id, null) from made`,
    );
    const info = async (host: string): Promise<string> => {
      const asked = { method: 'GET', headers: { host } };
      return (await raw(`${farm.address}/nix-cache-info`, asked)).body.toString();
    };
    await answered(
      'the store is known',
      async () => (await info('people.example:8080')).includes('Priority: 30') || null,
      5000,
    );
    expect(await info('other.example')).toContain('Priority: 40');
    await publish(sampleNar('h'), 'people');
    const { headers } = await raw(url('h'), { method: 'GET', headers: { host: 'people.example' } });
    expect(headers['cache-control']).toBe('public, max-age=3600');
    expect(await status('h')).toBe(404);
    expect((await raw(`${farm.address}/people/${'h'.repeat(32)}.narinfo`)).status).toBe(200);
  });

  it('that is private is read with a credential alone', async () => {
    await farm.database.query(
      `with made as (insert into stores (slug, dir, key, private)
        values ('secret', '/nix/store', 'secret', true) returning id)
       select tell_substitutes(id, null) from made`,
    );
    await publish(sampleNar('i'), 'secret');
    const at = `${farm.address}/secret/${'i'.repeat(32)}.narinfo`;
    expect((await raw(at)).status).toBe(401);
    const headers = { authorization: `Bearer ${farm.serviceToken}` };
    const told = await raw(at, { method: 'GET', headers });
    expect(told).toMatchObject({ status: 200 });
    expect(told.headers['cache-control']).toBe('private, max-age=86400');
    expect((await raw(at)).status).toBe(401);
  });
});

describe('a read', () => {
  it('is noted with the path, a little later', async () => {
    const other = await startTestSubstituter(postgres);
    const { path, narHash, nar } = sampleNar('k');
    await other.service.putNar({ slug: 'nix', path, nar: onePiece(nar) });
    await other.service.offer('nix', { path, narHash, narSize: nar.length, references: [] });
    const read = 'select read_at is not null as read from store_paths';
    expect(await other.database.query(read)).toEqual([{ read: false }]);
    await raw(`${other.address}/${'k'.repeat(32)}.narinfo`, { method: 'HEAD' });
    const { url: database } = other.database;
    await other.close();
    const { Database } = await import('#adapters/postgres/database.js');
    const after = new Database(database, 1);
    expect(await after.query(read)).toEqual([{ read: true }]);
    await after.close();
    await other.stop();
  });
});

describe('what is served', () => {
  it('is counted for Prometheus, by whichever way it goes out', async () => {
    const counted = async (kind: string, code: number): Promise<number> => {
      const text = await (await fetch(`${farm.address}/metrics`)).text();
      const name = `gambeson_substitute_requests_total{kind="${kind}",code="${code}"} `;
      return Number(
        text
          .split('\n')
          .find((line) => line.startsWith(name))
          ?.slice(name.length) ?? 0,
      );
    };
    await publish(sampleNar('m'));
    const before = [await counted('narinfo', 200), await counted('narinfo', 404)];
    // One is plain, and one has a body's length, which is for Node's own HTTP.
    expect((await raw(url('m'))).status).toBe(200);
    expect(
      (await raw(url('m'), { method: 'GET', headers: { 'content-length': '0' } })).status,
    ).toBe(200);
    expect(await status('y')).toBe(404);
    await answered('the counts', async () => {
      const now = [await counted('narinfo', 200), await counted('narinfo', 404)];
      return now[0] === before[0]! + 2 && now[1] === before[1]! + 1 ? now : null;
    });
  });
});
