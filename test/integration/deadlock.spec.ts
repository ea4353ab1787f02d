/** A statement that Postgres aborts to break a deadlock is no fault of anybody: it runs again. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Database } from '#adapters/postgres/database.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';

let postgres: TestPostgres;
let database: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = new Database((await postgres.freshDatabase()).url);
  await database.execute('create table counts (id int primary key, count int not null)');
  await database.execute('insert into counts values (1, 0), (2, 0)');
}, 60_000);

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

it('a statement that was aborted to break a deadlock runs again', async () => {
  const other = await database.dedicated();
  await other.query('begin');
  await other.query('update counts set count = count + 1 where id = 1');
  // Takes the second row and waits for the first, and is the first that waits.
  const statement = database.execute(
    `with second as (update counts set count = count + 10 where id = 2 returning id)
     update counts set count = count + 10 where id = (select id - 1 from second)`,
  );
  await answered('the statement to wait', async () => {
    const [row] = await database.query<{ waits: boolean }>(
      'select exists (select from pg_locks where not granted) as waits',
    );
    return row?.waits === true ? true : null;
  });
  await other.query('update counts set count = count + 1 where id = 2');
  await other.query('commit');
  expect(await statement).toBe(1);
  const rows = await database.query('select id, count from counts order by id');
  expect(rows).toEqual([
    { id: 1, count: 11 },
    { id: 2, count: 11 },
  ]);
  await other.end();
}, 30_000);
