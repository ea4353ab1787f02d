/**
 * Failed builds on which something waits again are to be told on once more. Done with the batch
 * that waits, and again after its commit: a failure told on in between has missed the batch.
 */
export type Ask = (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>;

const hasFailed = `b.status in ('failed', 'failed-dependency', 'failed-other')`;
const somethingWaits = `
  exists (select 1 from derivation_inputs e join builds d on d.id = e.derivation_id
           where e.input_id = b.id and d.status = 'scheduled')`;

const findFailed = `
select b.id from builds b
 where b.id = any(string_to_array($1, ' ')::bigint[]) and ${hasFailed}`;

const tellOn = `
with chosen as (
  select b.id from builds b
   where b.id = any(string_to_array($1, ' ')::bigint[])
     and ${hasFailed} and b.failure_propagated and ${somethingWaits}
   order by b.id for no key update)
update builds b set failure_propagated = false from chosen where b.id = chosen.id returning b.id`;

/** From the index of failed builds; `ended_at` may be a transaction's length before its commit. */
const findRecent = `
select b.id from builds b
 where b.ended_at > (select started_at - interval '10 minutes' from evaluations where id = $1)
   and ${hasFailed} and b.failure_propagated`;

/** Those of the builds that have failed. */
export async function failedAmong(ask: Ask, builds: Iterable<number>): Promise<number[]> {
  const ids = [...new Set(builds)];
  if (ids.length === 0) return [];
  return idsOf(await ask(findFailed, [ids.join(' ')]));
}

/**
 * Those that have failed since the evaluation began, whichever they are: asking for each that a
 * batch needs would look at every build again for every batch that needs it.
 */
export async function failedSince(ask: Ask, evaluation: number): Promise<number[]> {
  return idsOf(await ask(findRecent, [evaluation]));
}

function idsOf(rows: readonly unknown[]): number[] {
  return rows.map((row) => (row as { id: number }).id);
}

/** Answers whether there was any to tell on. */
export async function tellFailures(ask: Ask, failed: readonly number[]): Promise<boolean> {
  return failed.length > 0 && (await ask(tellOn, [failed.join(' ')])).length > 0;
}
