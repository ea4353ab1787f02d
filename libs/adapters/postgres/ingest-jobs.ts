/** Writes the jobs of an evaluation; their names are interned. */
import { invariant } from '#std/invariant.js';
import type { IngestJob } from '#application/ports/ingest-store.js';
import { copyLines, nullColumn, textColumn } from './copy.js';
import type { Client } from './database.js';

export interface NewJobs {
  readonly evaluation: number;
  readonly jobs: readonly IngestJob[];
  readonly buildOf: (derivation: string) => number;
}

export async function writeJobs(client: Client, work: NewJobs): Promise<void> {
  const { evaluation, jobs, buildOf } = work;
  if (jobs.length === 0) return;
  const names = await internNames(client, [...new Set(jobs.map((job) => clean(job.name)))]);
  const lines = jobs.map((job) => {
    const build = job.derivation === null ? nullColumn : buildOf(job.derivation);
    const name = names.get(clean(job.name)) ?? 0;
    const rest = `${textColumn(job.error)}\t${textColumn(jsonText(job.meta))}`;
    return `${evaluation}\t${name}\t${textColumn(job.system)}\t${build}\t${rest}`;
  });
  await copyLines(client, 'jobs (evaluation_id, name_id, system, build_id, error, meta)', lines);
}

/** The ingest lock is held, so nobody else adds names between the two statements. */
async function internNames(client: Client, names: string[]): Promise<Map<string, number>> {
  const known = await client.query<NameRow>('select id, name from job_names where name = any($1)', [
    names,
  ]);
  const interned = new Map(known.rows.map((row) => [row.name, row.id]));
  const missing = names.filter((name) => !interned.has(name));
  if (missing.length === 0) return interned;
  const added = await client.query<NameRow>(
    'insert into job_names (name) select unnest($1::text[]) returning id, name',
    [missing],
  );
  for (const { id, name } of added.rows) interned.set(name, id);
  invariant(interned.size === names.length, 'every job name was interned');
  return interned;
}

interface NameRow {
  readonly id: number;
  readonly name: string;
}

/** Postgres has neither NUL nor lone surrogates in text. */
function clean(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\uFFFD');
}

function jsonText(meta: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(meta, (_key, value: unknown) => {
    if (typeof value === 'string') return clean(value);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [clean(key), item]));
  });
}
