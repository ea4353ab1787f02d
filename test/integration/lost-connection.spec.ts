/** Connections to Postgres that break in the middle of something: a fault, and never the end. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '#adapters/postgres/database.js';
import { TcpProxy } from '#testkit/faults/tcp-proxy.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';

let postgres: TestPostgres;
let wire: TcpProxy;
let database: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  wire = await TcpProxy.listen(() => [Number(new URL(postgres.url).port)]);
  const url = new URL(postgres.url);
  url.port = new URL(wire.address).port;
  database = new Database(url.href, 2);
}, 60_000);

afterAll(async () => {
  await database.close();
  await wire.close();
  await postgres.stop();
});

const unavailable = { code: 'database-unavailable' };

describe('a connection that breaks', () => {
  it('fails the transaction that stood on it, and the next one gets another', async () => {
    const standing = database.transaction(async (client) => {
      await client.query('select 1');
      wire.cut();
      await client.query('select 2');
    });
    await expect(standing).rejects.toMatchObject(unavailable);
    expect(await database.transaction((client) => client.query('select 3'))).toBeDefined();
  });

  it('fails nothing else when nobody asks on it at that moment', async () => {
    const client = await database.dedicated();
    const ended = new Promise<void>((resolve) => client.once('end', resolve));
    wire.cut();
    await ended;
    await expect(client.query('select 1')).rejects.toThrow();
    expect(await database.query('select 4 as four')).toEqual([{ four: 4 }]);
  });
});
