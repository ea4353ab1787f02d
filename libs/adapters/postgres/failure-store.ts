/**
 * Failures reach their dependents in bounded transactions. A batch walks the graph upwards from
 * failed builds that are not told yet, through scheduled builds only, so a chain of thousands is
 * one statement, and a hub with more dependents than a batch holds is simply walked again.
 *
 * The failed builds are locked before the walk takes its snapshot: an ingest that adds a dependent
 * to one of them either is seen by the walk, or waits and then marks it untold again.
 */
import type { FailureStore, Propagation } from '#application/ports/failure-store.js';
import type { Client, Database } from './database.js';

/** Failed builds looked at in one batch. */
const originsAtMost = 1000;

/** What is fetched instead of built needs no inputs, unless that is given up. */
const isBuilt = 'not exists (select from substitutions s where s.build_id = b.id)';

const lockOrigins = `
  select id from builds
   where status in ('failed', 'failed-dependency', 'failed-other') and not failure_propagated
   order by id limit ${originsAtMost} for update`;

const failDependents = `
  with recursive walk (id) as (
    select o.id from unnest($1::bigint[]) o (id)
    union
    select b.id from walk w join derivation_inputs i on i.input_id = w.id
      join builds b on b.id = i.derivation_id and b.status = 'scheduled' and ${isBuilt}),
  reached as materialized (select id from walk where id <> all ($1) limit $2),
  locked as materialized (
    select b.id from builds b join reached r on r.id = b.id
     where b.status = 'scheduled' order by b.id for update of b)
  update builds b
     set status = 'failed-dependency', reason = 'dependency', ended_at = now(),
         release_expires_at = null, not_before = null, failure_propagated = false,
         failed_input_id = (
           select i.input_id from derivation_inputs i
            where i.derivation_id = b.id
              and (i.input_id = any ($1) or i.input_id in (select id from reached))
            order by i.input_id limit 1)
    from locked l where b.id = l.id
  returning b.id`;

const markTold = `
  update builds set failure_propagated = true where id = any ($1)`;

export class PostgresFailureStore implements FailureStore {
  constructor(private readonly database: Database) {}

  propagate(limit: number): Promise<Propagation> {
    return this.database.transaction((client) => propagateBatch(client, limit));
  }

  async audit(): Promise<number> {
    return this.database.execute(
      `with untold as (
         select distinct p.id from builds b
           join derivation_inputs i on i.derivation_id = b.id join builds p on p.id = i.input_id
          where b.status = 'scheduled' and ${isBuilt} and p.failure_propagated
            and p.status in ('failed', 'failed-dependency', 'failed-other'))
       update builds b set failure_propagated = false from untold u where b.id = u.id`,
    );
  }
}

async function propagateBatch(client: Client, limit: number): Promise<Propagation> {
  const origins = (await client.query<{ id: number }>(lockOrigins)).rows.map((row) => row.id);
  if (origins.length === 0) return { failed: 0, done: true };
  const reached = (await client.query<{ id: number }>(failDependents, [origins, limit])).rows;
  // A full batch may have left dependents out: its origins stay untold and are walked again.
  if (reached.length < limit) {
    await client.query(markTold, [[...origins, ...reached.map((row) => row.id)]]);
  }
  return { failed: reached.length, done: false };
}
