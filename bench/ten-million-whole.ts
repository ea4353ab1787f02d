/**
 * What the pages are measured with beside the generated farm: a specification of two evaluations of
 * 150,000 jobs each, and workers whose slots are taken. Written once; the farm is else as it was.
 */
import type { Client, Database } from '#adapters/postgres/database.js';

export const wholeName = 'whole';
const jobsOfWhole = 150_000;

export interface WholeFarm {
  /** The newer one of the two. */
  readonly whole: number;
}

/** Fewer jobs where the farm has fewer builds. */
export async function completeFarm(database: Database): Promise<WholeFarm> {
  const [counted] = await database.query<{ builds: number }>(
    'select max(id) as builds from builds',
  );
  const jobs = Math.min(jobsOfWhole, Math.floor(counted!.builds / 2));
  const [known] = await database.query<{ id: number }>(
    'select id from specifications where name = $1',
    [wholeName],
  );
  if (!known) {
    await database.transaction((client) => makeWhole(client, counted!.builds, jobs));
    await database.execute('analyze jobs');
  }
  await database.execute(`update workers set last_seen_at = now(), gateway = 'bench'`);
  await database.execute(takenSlots);
  const [row] = await database.query<{ whole: number }>(
    `select max(e.id) as whole from evaluations e
       join specifications s on s.id = e.specification_id where s.name = $1`,
    [wholeName],
  );
  return { whole: row!.whole };
}

async function makeWhole(client: Client, builds: number, jobs: number): Promise<void> {
  const {
    rows: [specification],
  } = await client.query<{ id: number }>(
    `with s as (insert into specifications (name, version, next_poll_at)
                values ($1, 1, now() + interval '10 years') returning id),
          v as (insert into specification_versions (specification_id, version, document)
                select s.id, 1, v.document || jsonb_build_object('name', $1::text)
                  from s, specification_versions v where v.specification_id = 1 limit 1)
     select id from s`,
    [wholeName],
  );
  await client.query(
    `insert into job_names (name)
     select 'package-' || x || '.x86_64-linux' from generate_series(1, $1::int) x
     on conflict do nothing`,
    [jobs],
  );
  // The older one has the builds of other names, so that a few in a hundred differ.
  for (const [age, first] of [Math.floor(builds / 2), 0].entries()) {
    await makeEvaluation(client, specification!.id, { age, first, jobs });
  }
}

interface Reading {
  readonly age: number;
  /** Its jobs point at the builds after this one. */
  readonly first: number;
  readonly jobs: number;
}

async function makeEvaluation(
  client: Client,
  specification: number,
  { age, first, jobs }: Reading,
): Promise<void> {
  const {
    rows: [evaluation],
  } = await client.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
       trigger, status, started_at, ended_at, job_count, products_wished_at, weighed_at)
     values ($1, 1, 'whole' || $2::int, 1, 'poll', 'succeeded',
             now() - make_interval(days => 2 - $2::int), now() - make_interval(days => 2 - $2::int),
             $3, now(), now()) returning id`,
    [specification, age, jobs],
  );
  const { id } = evaluation!;
  await client.query('select ensure_evaluation_partitions($1)', [id]);
  await client.query(
    `insert into checkouts (evaluation_id, channel, url, branch, revision, position)
     select $1::bigint, channel, url, branch,
            md5($1::bigint::text) || left(md5('w' || $1::bigint), 8), position
       from checkouts where evaluation_id = 1`,
    [id],
  );
  await client.query(
    `insert into jobs (evaluation_id, name_id, system, build_id)
     select $1, n.id, d.system, d.id from generate_series(1, $3::int) x
       join job_names n on n.name = 'package-' || x || '.x86_64-linux'
       join derivations d on d.id = $2::int + x`,
    [id, first, jobs],
  );
  await client.query(
    `insert into evaluation_counts (evaluation_id, jobs, succeeded, failed, failed_dependency,
       failed_other, canceled)
     select $1, count(*), count(*) filter (where b.status = 'succeeded'),
            count(*) filter (where b.status = 'failed'),
            count(*) filter (where b.status = 'failed-dependency'),
            count(*) filter (where b.status = 'failed-other'),
            count(*) filter (where b.status = 'canceled')
       from jobs j join builds b on b.id = j.build_id where j.evaluation_id = $1`,
    [id],
  );
}

/** Spread over the workers, one build in each slot, whoever tried it first. */
const takenSlots = `
  insert into leases (build_id, attempt_id, evaluation_id, worker_id, slot, fence, expires_at)
  select build_id, id, evaluation_id, 1 + place % 20, place / 20, repeat('0', 16),
         now() + interval '10 years'
    from (select a.*, row_number() over (order by a.id) - 1 as place
            from builds b join attempts a on a.build_id = b.id
           where b.status = 'started' and a.status = 'started') a
   where place / 20 < 64 and not exists (select from leases)
  on conflict do nothing`;
