/**
 * How the jobs of an evaluation are read into the columns of a sheet: the jobs, and then all their
 * builds by one walk along their key, which is several times faster than to look up each.
 */
import { invariant } from '#std/invariant.js';
import { statusCode, type SheetStatus } from '#domain/evaluation-difference/standing.js';
import { GrowingColumns, type JobColumns } from '#domain/evaluation-difference/job-columns.js';
import type { BuildPlaces } from '#domain/evaluation-difference/job-sheet.js';
import type { JobWords } from '#domain/evaluation-difference/job-words.js';
import { copyRows } from './copy-out.js';
import type { Client, Database } from './database.js';

/** COPY takes no parameters. */
function jobsOf({ evaluation, after }: From): string {
  invariant(Number.isSafeInteger(evaluation) && Number.isSafeInteger(after), 'ids are integers');
  return `from jobs where evaluation_id = ${evaluation} and id > ${after}`;
}

interface From {
  readonly evaluation: number;
  /** The last job that is known, or 0. */
  readonly after: number;
}

/** The evaluation's jobs that came after the last known one, in no order; none has ended yet. */
export async function readJobs(client: Client, words: JobWords, from: From): Promise<JobColumns> {
  const read = new GrowingColumns();
  const jobs = `select id, name_id, system, coalesce(build_id, 0),
                       (meta -> 'maintainers')::text ${jobsOf(from)}`;
  const error = statusCode('error');
  await copyRows(client, jobs, (row) => {
    read.add({
      job: row.integer(),
      name: row.integer(),
      system: words.systems.code(row.word()),
      build: row.integer(),
      maintainers: words.maintainers.code(row.word()),
      status: error,
      reason: 0,
      failedInput: 0,
    });
  });
  return read.all();
}

/** What became of the builds of these jobs. */
export async function readEndings(
  client: Client,
  { places, words, ...from }: From & { readonly places: BuildPlaces; readonly words: JobWords },
): Promise<void> {
  const builds = `select id, status, reason, coalesce(failed_input_id, 0) from builds
                   where id = any (array(select build_id ${jobsOf(from)}))`;
  await copyRows(client, builds, (row) => {
    places.set(row.integer(), {
      status: statusCode(row.word() as SheetStatus),
      reason: words.reasons.code(row.word()),
      failedInput: row.integer(),
    });
  });
}

/** More missing names are read by one walk along their key. */
const namedAtMost = 1000;

/** Names of these jobs that are not known yet. */
export async function readNames(
  client: Client,
  { names }: JobWords,
  { jobs, ...from }: From & { readonly jobs: JobColumns },
): Promise<void> {
  const missing = new Set<number>();
  for (const name of jobs.names) if (!names.has(name)) missing.add(name);
  if (missing.size === 0) return;
  const ids =
    missing.size > namedAtMost ? `array(select name_id ${jobsOf(from)})` : arrayOf([...missing]);
  const named = `select id, name from job_names where id = any (${ids})`;
  await copyRows(client, named, (row) => names.add(row.integer(), row.text() ?? ''));
}

function arrayOf(ids: readonly number[]): string {
  invariant(ids.every(Number.isSafeInteger), 'ids are integers');
  return `'{${ids.join(',')}}'::bigint[]`;
}

export interface Standing {
  readonly build: number;
  readonly status: number;
  readonly reason: number;
  readonly failedInput: number;
}

/** How builds stand now. */
export async function readStandings(
  database: Database,
  words: JobWords,
  builds: readonly number[],
): Promise<Standing[]> {
  if (builds.length === 0) return [];
  const rows = await database.query<{
    id: number;
    status: SheetStatus;
    reason: string | null;
    input: number | null;
  }>(
    `select b.id, b.status, b.reason, b.failed_input_id as input
       from unnest($1::bigint[]) t (id)
      cross join lateral (select * from builds where id = t.id offset 0) b`,
    [builds],
  );
  return rows.map(({ id, status, reason, input }) => ({
    build: id,
    status: statusCode(status),
    reason: words.reasons.code(reason),
    failedInput: input ?? 0,
  }));
}
