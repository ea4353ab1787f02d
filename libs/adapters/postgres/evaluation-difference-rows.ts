/**
 * How the jobs of an evaluation are read into the columns of a sheet. Builds are looked up one by
 * one down their key, in the order of their ids, whatever the planner thinks of the numbers.
 */
import { invariant } from '#std/invariant.js';
import { statusCode, type SheetStatus } from '#domain/evaluation-difference/standing.js';
import type { JobRow } from '#domain/evaluation-difference/job-sheet.js';
import type { JobWords } from '#domain/evaluation-difference/job-words.js';
import { copyRows } from './copy-out.js';
import type { Client, Database } from './database.js';

/** COPY takes no parameters. */
function jobsOf(evaluation: number, after: number): string {
  invariant(Number.isSafeInteger(evaluation) && Number.isSafeInteger(after), 'ids are integers');
  return `
  select j.id, j.name_id, j.system, coalesce(j.build_id, 0), coalesce(b.status, 'error'),
         b.reason, coalesce(b.failed_input_id, 0), j.maintainers
    from (select id, name_id, system, build_id, (meta -> 'maintainers')::text as maintainers
            from jobs where evaluation_id = ${evaluation} and id > ${after}
           order by build_id offset 0) j
    left join lateral (select status, reason, failed_input_id from builds
                        where id = j.build_id offset 0) b on true`;
}

/** The evaluation's jobs that came after the job `after`, in the order of their builds. */
export async function readJobs(
  client: Client,
  words: JobWords,
  from: { readonly evaluation: number; readonly after: number },
): Promise<JobRow[]> {
  const rows: JobRow[] = [];
  await copyRows(client, jobsOf(from.evaluation, from.after), (row) => {
    rows.push({
      job: row.integer(),
      name: row.integer(),
      system: words.systems.code(row.word()),
      build: row.integer(),
      status: statusCode(row.word() as SheetStatus),
      reason: words.reasons.code(row.word()),
      failedInput: row.integer(),
      maintainers: words.maintainers.code(row.word()),
    });
  });
  return rows;
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
