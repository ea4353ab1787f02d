/**
 * How the jobs of an evaluation are read into the columns of a sheet: the jobs, and then all their
 * builds by one walk along their key, which is several times faster than to look up each.
 */
import { invariant } from '#std/invariant.js';
import { statusCode, type SheetStatus } from '#domain/evaluation-difference/standing.js';
import type { JobRow } from '#domain/evaluation-difference/job-sheet.js';
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

type Ending = Pick<JobRow, 'status' | 'reason' | 'failedInput'>;

const error: Ending = { status: statusCode('error'), reason: 0, failedInput: 0 };

/** The evaluation's jobs that came after the last known one, in no order. */
export async function readJobs(client: Client, words: JobWords, from: From): Promise<JobRow[]> {
  const rows: Omit<JobRow, keyof Ending>[] = [];
  const jobs = `select id, name_id, system, coalesce(build_id, 0),
                       (meta -> 'maintainers')::text ${jobsOf(from)}`;
  await copyRows(client, jobs, (row) => {
    rows.push({
      job: row.integer(),
      name: row.integer(),
      system: words.systems.code(row.word()),
      build: row.integer(),
      maintainers: words.maintainers.code(row.word()),
    });
  });
  const endings = await readEndings(client, words, from);
  return rows.map((row) => ({ ...row, ...(endings.get(row.build) ?? error) }));
}

async function readEndings(
  client: Client,
  words: JobWords,
  from: From,
): Promise<Map<number, Ending>> {
  const endings = new Map<number, Ending>();
  const builds = `select id, status, reason, coalesce(failed_input_id, 0) from builds
                   where id = any (array(select build_id ${jobsOf(from)}))`;
  await copyRows(client, builds, (row) => {
    endings.set(row.integer(), {
      status: statusCode(row.word() as SheetStatus),
      reason: words.reasons.code(row.word()),
      failedInput: row.integer(),
    });
  });
  return endings;
}

/**
 * Names that are not known yet: those that were given since, and whichever of these jobs' are still
 * missing, since a name may be committed after one with a larger id.
 */
export async function readNames(
  client: Client,
  words: JobWords,
  rows: readonly JobRow[],
): Promise<void> {
  const { names } = words;
  await copyRows(client, `select id, name from job_names where id > ${names.last}`, (row) => {
    names.add(row.integer(), row.text() ?? '');
  });
  const missing = new Set(rows.filter(({ name }) => !names.has(name)).map(({ name }) => name));
  if (missing.size === 0) return;
  const late = await client.query<{ id: number; name: string }>(
    'select id, name from job_names where id = any ($1)',
    [[...missing]],
  );
  for (const { id, name } of late.rows) names.add(id, name);
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
