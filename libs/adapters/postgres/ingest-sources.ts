/**
 * The sources of new derivations. From the commit on they are kept for the derivations' sake; until
 * then one that nobody used for long could go between the evaluator's question and the ingest, so
 * they are looked at once more and locked.
 */
import { FarmFault } from '#std/farm-fault.js';
import type { IngestDerivation } from '#application/ports/ingest-store.js';
import type { Client } from './database.js';

const hashPartLength = 32;

/**
 * Answers the sources that were not held before. Throws a fault after which the evaluation is read
 * anew, and offers them again.
 */
export async function holdSources(
  client: Client,
  store: number,
  { fresh, held }: { fresh: readonly IngestDerivation[]; held: ReadonlySet<string> },
): Promise<readonly string[]> {
  const named = new Set(fresh.flatMap((derivation) => derivation.sources ?? []));
  const wanted = [...named].filter((path) => !held.has(path));
  if (wanted.length === 0) return [];
  const { rows } = await client.query<{ path: string }>(
    `select path from store_paths
      where store_id = $1 and hash_part = any(string_to_array($2, ' ')) and withdrawn_at is null
      order by hash_part for key share`,
    [store, wanted.map((path) => path.slice(0, hashPartLength)).join(' ')],
  );
  const there = new Set(rows.map((row) => row.path));
  const missing = wanted.find((path) => !there.has(path));
  if (missing === undefined) return wanted;
  throw new FarmFault('substituter-unavailable', `the source ${missing} is not offered any more`);
}
