/**
 * How many jobs of an evaluation are in each status: as the coordinator keeps them, with what it
 * has not taken in yet, so that the answer is exact without counting a hundred thousand jobs.
 * Evaluations that it has not weighed, above all those that are being read, are counted.
 */
import type { JobCounts, JobStatus } from '#protocol/api/evaluation.js';
import type { Database, Row } from './database.js';

/** More than this wait only in a storm of completions, and then counts are a little late. */
const turnsAtMost = 5000;

const ended = ['succeeded', 'failed', 'failed-dependency', 'failed-other', 'canceled'] as const;
const column = (status: string): string => `k.${status.replace('-', '_')}`;
/** What has not ended counts as scheduled, until it is said which of it runs. */
const orScheduled = (status: string): string =>
  `case when ${status} in ('submitted', 'started') then 'scheduled' else ${status} end`;
const jobsOf = (build: string): string => `
  cross join lateral (select evaluation_id as id from jobs
                       where build_id = ${build} and evaluation_id = any ($1) offset 0) j
   where j.id in (select evaluation_id from kept)`;

/** One statement, so that what is kept and what waits are of the same moment. */
const read = `
  with kept as (select * from evaluation_counts where evaluation_id = any ($1)),
  turns as materialized (
    select j.id, t.was, t.became
      from (select * from build_turns limit ${turnsAtMost}) t ${jobsOf('t.build_id')}),
  running as materialized (
    select j.id, b.status from builds b ${jobsOf('b.id')}
       and b.status in ('submitted', 'started')),
  parts (id, status, jobs) as (
    select k.evaluation_id, p.status, p.jobs from kept k cross join lateral (values
      ('error', k.errors),
      ('scheduled', k.jobs - k.errors - ${ended.map(column).join(' - ')}),
      ${ended.map((status) => `('${status}', ${column(status)})`).join(', ')}) p (status, jobs)
     union all select id, ${orScheduled('became')}, 1 from turns
     union all select id, ${orScheduled('was')}, -1 from turns
     union all select id, status, 1 from running
     union all select id, 'scheduled', -1 from running
     union all
    select e.id, coalesce(b.status, 'error'), 1
      from (select unnest($1::bigint[]) as id except select evaluation_id from kept) e
     cross join lateral (select build_id from jobs where evaluation_id = e.id offset 0) j
      left join lateral (select status from builds where id = j.build_id offset 0) b on true)
  select id as evaluation, status, sum(jobs)::bigint as jobs from parts
   group by 1, 2 having sum(jobs) > 0`;

interface CountRow extends Row {
  readonly evaluation: number;
  readonly status: JobStatus;
  readonly jobs: number;
}

export async function readJobCounts(
  database: Database,
  evaluations: readonly number[],
): Promise<Map<number, JobCounts>> {
  const counts = new Map<number, JobCounts>();
  if (evaluations.length === 0) return counts;
  for (const row of await database.query<CountRow>(read, [evaluations])) {
    counts.set(row.evaluation, { ...counts.get(row.evaluation), [row.status]: row.jobs });
  }
  return counts;
}
