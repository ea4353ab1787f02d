/** Rows copied out of a real Postgres, and what becomes of the connection when that fails. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { copyRows, type BinaryRow } from '#adapters/postgres/copy-out.js';
import { Database, type Client } from '#adapters/postgres/database.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';

let postgres: TestPostgres;
let database: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = new Database((await postgres.freshDatabase()).url, 1);
}, 60_000);

afterAll(async () => {
  await database?.close();
  await postgres?.stop();
});

/** On the one connection of the pool. */
async function copied<T>(select: string, read: (row: BinaryRow) => T): Promise<T[]> {
  const rows: T[] = [];
  await database.transaction((client: Client) =>
    copyRows(client, select, (row) => rows.push(read(row))),
  );
  return rows;
}

const integer = (row: BinaryRow): number => row.integer();

describe('rows that are copied out', () => {
  it('have their columns read in order, nothing told as nothing', async () => {
    const select = `select 1::int2, -2, 3000000000, 'é', null::text, 0.5::float8, '{4,5}'::int8[]`;
    const rows = await copied(select, (row) => {
      const list: number[] = [];
      const before = [row.integer(), row.integer(), row.integer(), row.text(), row.word()];
      return [...before, row.double(), row.integers(list), list];
    });
    expect(rows).toEqual([[1, -2, 3_000_000_000, 'é', null, 0.5, 2, [4, 5]]]);
    expect(await copied('select 1 where false', integer)).toEqual([]);
  });

  it('are all there when they fill many packets, the longest word of them, too', async () => {
    const long = 'x'.repeat(300_000);
    const rows = await copied(
      `select n, case n when 777 then repeat('x', 300000) else 'word' end
         from generate_series(1, 5000) n`,
      (row) => [row.integer(), row.word()] as const,
    );
    expect(rows.map(([n]) => n)).toEqual(Array.from({ length: 5000 }, (_, n) => n + 1));
    expect(rows.filter(([n, word]) => word !== (n === 777 ? long : 'word'))).toEqual([]);
  });

  it('end with the fault of the statement, of the reader or of the connection', async () => {
    const none = 'select 1 / (3 - n) from generate_series(1, 9) n';
    await expect(copied(none, integer)).rejects.toThrow('division by zero');
    const fail = (row: BinaryRow): void => {
      if (row.integer() === 2) throw new Error('the reader gave up');
    };
    const many = 'select * from generate_series(1, 100000)';
    await expect(copied(many, fail)).rejects.toThrow('the reader gave up');
    expect(await copied('select 7', integer)).toEqual([7]);
    const killed = 'select pg_terminate_backend(pg_backend_pid())::int';
    await expect(copied(killed, integer)).rejects.toThrow('Postgres does not answer');
    expect(await copied('select 7', integer)).toEqual([7]);
  });
});
