/** What stores are on real Postgres, and how a change of their paths is told. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import pg from 'pg';
import { Database } from '#adapters/postgres/database.js';
import { PostgresStoreCatalog } from '#adapters/postgres/store-catalog.js';
import { startTestPostgres, type TestDatabase, type TestPostgres } from '#testkit/postgres.js';

let postgres: TestPostgres;
let fresh: TestDatabase;
let database: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  fresh = await postgres.freshDatabase();
  database = new Database(fresh.url, 2);
}, 60_000);

afterAll(async () => {
  await database?.close();
  await fresh?.drop();
  await postgres?.stop();
});

describe('the stores of a farm', () => {
  it('are at first one for each backend', async () => {
    const stores = await new PostgresStoreCatalog(database).all();
    expect(stores.map(({ slug, dir, kind }) => ({ slug, dir, kind }))).toEqual([
      { slug: 'guix', dir: '/gnu/store', kind: 'farm' },
      { slug: 'local', dir: '/gambeson/store', kind: 'farm' },
      { slug: 'nix', dir: '/nix/store', kind: 'farm' },
    ]);
    expect(stores[0]).toMatchObject({
      ...{ host: null, mode: 'mirror', priority: 40, ttlSeconds: 7_776_000, private: false },
    });
  });
});

describe('a change of offered paths', () => {
  it('reaches every listener in messages that Postgres can carry', async () => {
    const listener = new pg.Client({ connectionString: fresh.url });
    await listener.connect();
    try {
      const heard: { store: number; parts?: string[] }[] = [];
      const ended = new Promise<void>((resolve) => {
        listener.on('notification', ({ payload }) => {
          const message = JSON.parse(payload ?? '') as { store: number; parts?: string[] };
          heard.push(message);
          if (message.parts === undefined) resolve();
        });
      });
      await listener.query('listen substitutes');
      const parts = Array.from({ length: 450 }, (_, i) => String(i).padStart(32, '0'));
      await database.execute('select tell_substitutes(7, $1)', [parts]);
      await database.execute('select tell_substitutes(7, null)', []);
      await ended;
      expect(heard.flatMap((message) => message.parts ?? [])).toEqual(parts);
      expect(heard.map((message) => message.store)).toEqual([7, 7, 7, 7]);
    } finally {
      await listener.end();
    }
  });
});
