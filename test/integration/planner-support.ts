/** Rows and a planner for the planner's specs, beside those of the engine. */
import type { BuildId, EvaluationId, SpecificationId } from '#domain/ids.js';
import { id } from '#domain/ids.js';
import type { EngineFarm } from './engine-support.js';

/** Unfinished inputs of each build, as the planner counts them. */
export function countsOf(planner: {
  counts(): Iterable<{ build: BuildId; unfinishedInputs: number }>;
}): Record<number, number> {
  const counted = [...planner.counts()].sort((a, b) => a.build - b.build);
  return Object.fromEntries(counted.map((one) => [one.build, one.unfinishedInputs]));
}

export async function setStatus(
  farm: EngineFarm,
  builds: readonly BuildId[],
  status: string,
): Promise<void> {
  await farm.database.execute('update builds set status = $2 where id = any($1)', [builds, status]);
}

export async function specification(farm: EngineFarm, name: string): Promise<SpecificationId> {
  const [row] = await farm.database.query<{ id: number }>(
    'insert into specifications (name, version) values ($1, 1) returning id',
    [name],
  );
  await farm.database.execute(
    `insert into specification_versions (specification_id, version, document)
     values ($1, 1, $2)`,
    [row!.id, document],
  );
  return id<SpecificationId>(row!.id);
}

const document = {
  ...{ backend: 'local', channels: [], selection: { file: 'recipes.json' }, systems: [] },
  ...{ share: 100 },
};

/** An evaluation that is being read, with jobs that point at these builds. */
export async function evaluation(
  farm: EngineFarm,
  of: SpecificationId,
  builds: readonly BuildId[],
): Promise<EvaluationId> {
  const [row] = await farm.database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                              trigger, status)
     values ($1, 1, gen_random_uuid()::text, 1, 'poll', 'started') returning id`,
    [of],
  );
  await farm.database.query('select ensure_evaluation_partitions($1)', [row!.id]);
  const made = id<EvaluationId>(row!.id);
  await job(farm, made, builds);
  return made;
}

/** More jobs of the evaluation, in one transaction as ingest writes them. */
export async function job(
  farm: EngineFarm,
  of: EvaluationId,
  builds: readonly BuildId[],
): Promise<void> {
  await farm.database.transaction(async (client) => {
    await client.query(
      `insert into job_names (name) select 'job-' || b from unnest($1::bigint[]) b
       on conflict do nothing`,
      [builds],
    );
    await client.query(
      `insert into jobs (evaluation_id, name_id, system, build_id)
       select $1, n.id, 'x86_64-linux', b from unnest($2::bigint[]) b
         join job_names n on n.name = 'job-' || b`,
      [of, builds],
    );
    await client.query('update evaluations set job_count = job_count + $2 where id = $1', [
      of,
      builds.length,
    ]);
  });
}
