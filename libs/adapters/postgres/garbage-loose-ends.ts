/**
 * Packs in which no derivation lies any more, uploads that were never offered, and logs that were
 * pushed for paths that are gone. The first two are left alone for a day: an evaluation may be
 * about to name the pack, a worker to report the upload.
 */
import type { Client } from './database.js';
import { ingestLock } from './garbage-derivations.js';
import { condemnFiles, condemnLogs } from './garbage-files.js';

const leftAlone = `interval '1 day'`;

const removePacks = `
  delete from derivation_packs p
   where p.created_at < now() - ${leftAlone}
     and not exists (select from derivations d where d.pack_id = p.id)
  returning p.hash || '.pack.zst' as key, p.size`;

/** An attempt that is still live may report late. */
const removeUploads = `
  delete from uploads u
   where u.created_at < now() - ${leftAlone}
     and not exists (select from leases l where 'attempt-' || l.attempt_id = u.principal)
  returning u.file_key as key, u.file_size as size`;

const removePushedLogs = `
  delete from pushed_logs l using stores s
   where s.id = l.store_id and l.created_at < now() - make_interval(secs => s.ttl_seconds)
     and not exists (select from store_paths p
                      where p.store_id = l.store_id and p.deriver = l.derivation)
  returning 'pushed-' || l.id as key, l.size`;

/** Within a transaction. */
export async function removeLooseEnds(client: Client): Promise<{ packs: number; bytes: number }> {
  const logs = await client.query<{ key: string; size: number }>(removePushedLogs);
  await condemnLogs(client, logs.rows);
  await client.query('select pg_advisory_xact_lock($1)', [ingestLock]);
  const packs = await client.query<{ key: string; size: number }>(removePacks);
  const uploads = await client.query<{ key: string; size: number }>(removeUploads);
  const bytes = await condemnFiles(client, [...packs.rows, ...uploads.rows]);
  return { packs: packs.rowCount ?? 0, bytes };
}
