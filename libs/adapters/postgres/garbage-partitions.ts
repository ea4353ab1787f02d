/**
 * Drops the partitions of jobs and attempts that hold nothing any more and will hold nothing: their
 * evaluations are pruned, and no build would write its next attempt there.
 */
import type { Client, Database } from './database.js';

/** As ensure_evaluation_partitions cuts them. */
const evaluationsInOne = 256;
const readPartitions = `
  select c.relname as name, p.relname as parent, substring(c.relname from '_from_([0-9]+)$')::bigint
         as first
    from pg_inherits i join pg_class c on c.oid = i.inhrelid join pg_class p on p.oid = i.inhparent
   where p.oid in ('jobs'::regclass, 'attempts'::regclass)
     and c.relname ~ '^(jobs|attempts)_from_[0-9]+$'
   order by first, name`;

const isOver = `
  select not exists (select from evaluations
                      where id >= $1 and id < $2 and pruned_at is null)
     and exists (select from evaluations where id >= $2)
     and ($3 = 'jobs' or not exists (
           select from builds where evaluation_id >= $1 and evaluation_id < $2)) as over`;

interface Partition {
  readonly name: string;
  readonly parent: string;
  readonly first: number;
}

/** SQLSTATE lock_not_available: somebody reads long; another time. */
const locked = '55P03';

export async function dropEmptyPartitions(database: Database): Promise<void> {
  for (const partition of await database.query<Partition & Record<string, unknown>>(
    readPartitions,
  )) {
    await database
      .transaction((client) => dropIfEmpty(client, partition))
      .catch((cause: unknown) => {
        if ((cause as { code?: string }).code !== locked) throw cause;
      });
  }
}

async function dropIfEmpty(client: Client, { name, parent, first }: Partition): Promise<void> {
  const range = [first, first + evaluationsInOne, parent];
  const { rows } = await client.query<{ over: boolean }>(isOver, range);
  if (!rows[0]?.over) return;
  // Its name is of a fixed form: see above.
  const { rowCount } = await client.query(`select from ${name} limit 1`);
  if (rowCount !== 0) return;
  await client.query(`set local lock_timeout = '100ms'`);
  await client.query(`drop table ${name}`);
}
