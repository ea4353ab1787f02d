/**
 * Failed builds on which something waits again are to be told on once more. Done with the batch
 * that waits, and again after its commit: a failure told on in between has missed the batch.
 */
const tellOn = `
with chosen as (
  select b.id from builds b
   where b.id = any(string_to_array($1, ' ')::bigint[])
     and b.status in ('failed', 'failed-dependency', 'failed-other') and b.failure_propagated
     and exists (select 1 from derivation_inputs e join builds d on d.id = e.derivation_id
                  where e.input_id = b.id and d.status = 'scheduled')
   order by b.id for no key update)
update builds b set failure_propagated = false from chosen where b.id = chosen.id returning b.id`;

/** `ask` runs a statement; answers whether there was any. */
export async function tellFailures(
  ask: (text: string, values: readonly unknown[]) => Promise<readonly unknown[]>,
  builds: Iterable<number>,
): Promise<boolean> {
  const ids = [...new Set(builds)];
  if (ids.length === 0) return false;
  return (await ask(tellOn, [ids.join(' ')])).length > 0;
}
