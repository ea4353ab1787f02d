/** Rows as a farm that has worked for a while leaves them, for specs that read. */
import type { Database } from '#adapters/postgres/database.js';
import type { LogStore } from '#application/ports/log-store.js';

const hash = (n: number): string => String(n).padStart(32, '0');

export interface Seeded {
  readonly evaluation: number;
  /** Builds by what they show. */
  readonly builds: Readonly<
    Record<'ok' | 'failed' | 'dependency' | 'noWorker' | 'waiting' | 'running', number>
  >;
  readonly attempts: Readonly<Record<'ok' | 'failed' | 'running', number>>;
}

const document = (name: string) => ({
  name,
  backend: 'nix',
  channels: [{ name: 'main', url: 'https://bob:s3cret@example.org/x.git', branch: 'main' }],
  selection: { file: 'jobs/default.nix', attribute: 'hydraJobs' },
  systems: ['x86_64-linux'],
  priority: 9,
  period: 300,
  share: 100,
  limits: {},
  active: true,
});

/**
 * A specification with one evaluation of six jobs, each in a different situation, and one error.
 */
export async function seedFarm(database: Database, logs: LogStore): Promise<Seeded> {
  const evaluation = await seedEvaluation(database, 'demo');
  await database.execute(
    `insert into channel_states (specification_id, channel, url, branch, revision, fetched_at,
       error_code, error_message, error_since, failures, rewound_from, rewound_at)
     select id, 'main', 'https://bob:s3cret@example.org/x.git', 'main', repeat('a', 40), now(),
       'unknown-branch', 'no branch <b>main</b>', now() - interval '1 hour', 12,
       repeat('b', 40), now()
       from specifications where name = 'demo'`,
  );
  await database.execute(
    `insert into workers (name, credential_hash, systems, slots, cores, speed, class, version,
       connected_at, last_seen_at, gateway, load, memory_free, disk_free)
     values ('one', 'x', '{x86_64-linux}', 2, 3, 1, 'x86_64-linux~@1',
              '0.1.0', now(), now(), 'g', 1.5, 1e9, 5e10),
            ('two', 'x', '{x86_64-linux}', 2, 3, 1, 'x86_64-linux~@1',
              '0.1.0', now(), now() - interval '1 day', null, null, null, null)`,
  );
  const build = (name: string, status: string, more: Partial<Record<string, unknown>> = {}) =>
    seedBuild(database, evaluation, { name, status, ...more });
  const ok = await build('hello-1.0', 'succeeded', { output: true });
  const failed = await build('broken-1.0', 'failed', { reason: 'builder-failed' });
  const builds = {
    ok,
    failed,
    dependency: await build('needs-broken-1.0', 'failed-dependency', {
      inputs: [failed, ok],
      reason: 'dependency',
      failedInput: failed,
    }),
    noWorker: await build('foreign-1.0', 'scheduled', { system: 'riscv64-linux' }),
    waiting: 0,
    running: await build('slow-1.0', 'started'),
  };
  builds.waiting = await build('after-slow-1.0', 'scheduled', { inputs: [builds.running] });
  await database.execute(
    `with n as (insert into job_names (name) values ('wrong') returning id)
     insert into jobs (evaluation_id, name_id, system, error)
     select $1, id, 'x86_64-linux', 'error: attribute <x> missing' from n`,
    [evaluation],
  );
  const attempts = {
    ok: await seedAttempt(database, ok, 'succeeded'),
    failed: await seedAttempt(database, failed, 'failed'),
    running: await seedAttempt(database, builds.running, 'started'),
  };
  const text = '\u001b[1;31merror:\u001b[0m <script>alert("x")</script> & more\n';
  await logs.append(`attempt-${attempts.failed}`, 0, Buffer.from(text));
  await logs.append(`attempt-${attempts.ok}`, 0, Buffer.from(`line of the log\n`.repeat(100_000)));
  await logs.append(`evaluation-${evaluation}`, 0, Buffer.from('evaluating <main>\n'));
  return { evaluation, builds, attempts };
}

export async function seedEvaluation(
  database: Database,
  name: string,
  more: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const [specification] = await database.query<{ id: number }>(
    'insert into specifications (name, version) values ($1, 1) returning id',
    [name],
  );
  await database.execute(
    'insert into specification_versions (specification_id, version, document) values ($1, 1, $2)',
    [specification!.id, JSON.stringify({ ...document(name), ...more })],
  );
  const [evaluation] = await database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
       trigger, status, ended_at) values ($1, 1, 'd', 1, 'poll', 'succeeded', now()) returning id`,
    [specification!.id],
  );
  await database.execute('select ensure_evaluation_partitions($1)', [evaluation!.id]);
  await database.execute(
    `insert into checkouts values ($1, 'main', 'https://bob:s3cret@example.org/x.git', 'main', $2)`,
    [evaluation!.id, 'a'.repeat(40)],
  );
  return evaluation!.id;
}

/** Of the same specification, at the next revision. */
export async function seedNextEvaluation(
  database: Database,
  before: number,
  revision = 'c'.repeat(40),
): Promise<number> {
  const [row] = await database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
       trigger, status, ended_at)
     select specification_id, specification_version, 'e', 1, 'poll', 'succeeded', now()
       from evaluations where id = $1 returning id`,
    [before],
  );
  await database.execute('select ensure_evaluation_partitions($1)', [row!.id]);
  await database.execute(
    `insert into checkouts values ($1, 'main', 'https://example.org/x.git', 'main', $2)`,
    [row!.id, revision],
  );
  return row!.id;
}

export interface Wish {
  readonly name: string;
  readonly status: string;
  readonly system?: string;
  readonly reason?: string;
  readonly inputs?: readonly number[];
  readonly failedInput?: number;
  readonly output?: boolean;
}

export async function seedBuild(
  database: Database,
  evaluation: number,
  wish: Wish,
): Promise<number> {
  const ended = /^(failed|succeeded|canceled)/.test(wish.status);
  const [row] = await database.query<{ id: number }>(
    `insert into derivations (store_id, path, name, package_name, system)
     select s.id, lpad((select coalesce(max(id), 0) + 1 from derivations)::text, 32, '0')
            || '-' || $1::text || '.drv',
            $1, split_part($1, '-', 1), $2 from stores s where slug = 'nix' returning id`,
    [wish.name, wish.system ?? 'x86_64-linux'],
  );
  const build = row!.id;
  await database.execute(
    `insert into builds (id, evaluation_id, status, reason, failed_input_id, started_at, ended_at)
     values ($1, $2, $3, $4, $5, case when $3 in ('scheduled', 'failed-dependency') then null
       else now() - interval '1 minute' end, case when $6 then now() end)`,
    [build, evaluation, wish.status, wish.reason ?? null, wish.failedInput ?? null, ended],
  );
  await database.execute(
    `insert into outputs (derivation_id, name, store_id, path)
     select $1, 'out', id, $2 from stores where slug = 'nix'`,
    [build, `${hash(build)}-${wish.name}`],
  );
  if (wish.output) {
    await database.execute(
      `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
       select id, $1, $2, 'sha256:x', 12345 from stores where slug = 'nix'`,
      [hash(build), `${hash(build)}-${wish.name}`],
    );
  }
  for (const input of wish.inputs ?? []) {
    await database.execute('insert into derivation_inputs values ($1, $2)', [build, input]);
  }
  await seedJob(database, evaluation, { name: wish.name.replace(/-[0-9.]+$/, ''), build });
  return build;
}

/** A job that points at a build which may be of another evaluation. */
export async function seedJob(
  database: Database,
  evaluation: number,
  { name, build }: { readonly name: string; readonly build: number },
): Promise<void> {
  await database.execute(
    `with n as (insert into job_names (name) values ($3)
                on conflict (name) do update set name = excluded.name returning id)
     insert into jobs (evaluation_id, name_id, system, build_id, meta)
     select $1, id, 'x86_64-linux', $2, '{"description": "What <it> is"}' from n`,
    [evaluation, build, name],
  );
}

export async function seedAttempt(
  database: Database,
  build: number,
  status: string,
): Promise<number> {
  const [row] = await database.query<{ id: number }>(
    `insert into attempts (evaluation_id, build_id, number, worker_id, slot, status, reason,
       message, started_at, ended_at, log_bytes)
     select b.evaluation_id, b.id, 1, (select id from workers where name = 'one'), 0, $2,
       b.reason, 'it said <no>', now(), case when $2 <> 'started' then now() end, 70
       from builds b where b.id = $1 returning id`,
    [build, status],
  );
  if (status === 'started') {
    await database.execute(
      `insert into leases values ($1, $2, 1, (select id from workers where name = 'one'), 0,
         '0123456789abcdef', now() + interval '1 hour')`,
      [build, row!.id],
    );
  }
  return row!.id;
}

/** An evaluation of `size` jobs, one in a hundred of them failed. */
export async function seedManyJobs(database: Database, size: number): Promise<number> {
  const evaluation = await seedEvaluation(database, 'many');
  await database.execute(
    `with d as (
       insert into derivations (store_id, path, name, package_name, system)
       select s.id, lpad((1000000 + n)::text, 32, '0') || '-p' || n || '.drv', 'p' || n, 'p' || n,
              'x86_64-linux' from stores s, generate_series(1, $2::int) n where s.slug = 'nix'
       returning id, name),
     b as (
       insert into builds (id, evaluation_id, status, ended_at)
       select id, $1, case when id % 100 = 0 then 'failed' else 'succeeded' end, now() from d
       returning id),
     n as (insert into job_names (name) select name from d returning id, name)
     insert into jobs (evaluation_id, name_id, system, build_id)
     select $1, n.id, 'x86_64-linux', d.id from d join n on n.name = d.name join b on b.id = d.id`,
    [evaluation, size],
  );
  await database.execute('analyze');
  return evaluation;
}
