/**
 * A farm's rows with one large evaluation that nothing has been built of yet: each second build is
 * a job, and inputs are the more popular the older they are.
 */
import type { Database } from '#adapters/postgres/database.js';

export interface LargeGraph {
  readonly builds: number;
  readonly edges: number;
  readonly evaluation: number;
}

/** The first builds, that need nothing. */
const roots = 100;

export async function seedLargeGraph(
  database: Database,
  builds: number,
  edgesEach = 12,
): Promise<LargeGraph> {
  await database.query('select ensure_evaluation_partitions(1)');
  const evaluation = await seedEvaluation(database);
  await database.transaction(async (client) => {
    await client.query(insertDerivations, [builds]);
    await client.query(insertEdges, [builds, edgesEach]);
    await client.query(
      `insert into builds (id, evaluation_id) select n, $2 from generate_series(1, $1::bigint) n`,
      [builds, evaluation],
    );
    await client.query(
      `insert into job_names (name) select 'job-' || n from generate_series(2, $1::bigint, 2) n`,
      [builds],
    );
    await client.query(
      `insert into jobs (evaluation_id, name_id, system, build_id)
       select $1, id, 'x86_64-linux', substr(name, 5)::bigint from job_names`,
      [evaluation],
    );
    await client.query(`select setval('derivations_id_seq', $1::bigint)`, [builds]);
  });
  await database.execute('truncate planner_changes');
  await database.execute('vacuum analyze');
  const [row] = await database.query<{ edges: number }>(
    'select count(*) as edges from derivation_inputs',
  );
  return { builds, edges: row!.edges, evaluation };
}

async function seedEvaluation(database: Database): Promise<number> {
  const [specification] = await database.query<{ id: number }>(
    `insert into specifications (name, version) values (gen_random_uuid()::text, 1) returning id`,
  );
  await database.execute(
    `insert into specification_versions (specification_id, version, document)
     values ($1, 1, '{"share": 100}')`,
    [specification!.id],
  );
  const [evaluation] = await database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                              trigger, status, ended_at)
     values ($1, 1, 'large', 1, 'poll', 'succeeded', now()) returning id`,
    [specification!.id],
  );
  return evaluation!.id;
}

const insertDerivations = `
  insert into derivations (id, store_id, path, name, package_name, system)
  select n, 3, lpad(n::text, 32, '0') || '-package-' || n || '.drv', 'package-' || n,
         'package-' || n, 'x86_64-linux'
    from generate_series(1, $1::bigint) n`;

const insertEdges = `
  insert into derivation_inputs (derivation_id, input_id)
  select distinct n, 1 + floor((n - 1) * power(random(), 2))::bigint
    from generate_series(${roots + 1}, $1::bigint) n, generate_series(1, $2::int)`;
