/**
 * A small farm of Guix as months of work leave it, with ids and times that never change: builds in
 * every status, a job in several evaluations, outputs and products, logs, and what broke.
 */
import type { Database } from '#adapters/postgres/database.js';
import type { LogStore } from '#application/ports/log-store.js';

export const guixBuilds = {
  succeeded: 1,
  failed: 2,
  dependency: 3,
  other: 4,
  canceled: 5,
  scheduled: 6,
  submitted: 7,
  started: 8,
  /** `guix.x86_64-linux` of the first evaluation, which succeeded, and of the second: failed. */
  guixBefore: 9,
  guixNow: 10,
  /** Nobody's job: others need it. */
  input: 11,
  comma: 12,
  plus: 13,
} as const;

export const logText =
  'starting phase `unpack\u2019\nna\u00efve \u2713\nphase `unpack\u2019 succeeded\n'.repeat(3);

const month = '2026-03-';
const at = (day: number, clock = '12:00:00'): string =>
  `${month}${String(day).padStart(2, '0')}T${clock}Z`;
const revision = (letter: string): string => letter.repeat(40);
const hash = (n: number): string => String(n).padStart(32, '0');

export async function seedCuirassFarm(database: Database, logs: LogStore): Promise<void> {
  await seedSpecifications(database);
  await seedEvaluations(database);
  await seedWorker(database);
  for (const build of builds) await seedBuild(database, build);
  await seedUnbuilt(database);
  await database.execute("select setval('derivations_id_seq', 1000)");
  await seedJobs(database);
  await seedProducts(database);
  await seedChanges(database);
  await logs.append('attempt-1', 0, Buffer.from(logText));
  await logs.append('attempt-8', 0, Buffer.from('still going\n'));
  await logs.append('evaluation-2', 0, Buffer.from('computing Guix derivation\n'));
}

const guixChannel = {
  name: 'guix',
  url: 'https://bob:s3cret@git.example.org/guix.git',
  branch: 'master',
  introduction: { commit: revision('9'), fingerprint: 'BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA' },
};

const shared = { systems: ['x86_64-linux'], share: 100, limits: {}, active: true, backend: 'guix' };

const specifications = [
  {
    ...{ ...shared, name: 'guix', channels: [guixChannel], selection: { set: 'guix' } },
    ...{ priority: 0, period: 0 },
  },
  {
    ...{ ...shared, name: 'my-packages', priority: 9, period: 300 },
    channels: [
      guixChannel,
      {
        ...{ name: 'my-channel', url: 'https://git.example.org/mine.git', branch: 'main' },
        commit: revision('7'),
      },
    ],
    selection: { packages: ['emacs', 'hello@2.12'] },
    systems: ['x86_64-linux', 'aarch64-linux'],
    buildOutputs: [{ job: '^image', type: 'ISO-9660', output: 'out', path: '' }],
    notifications: [
      {
        ...{ type: 'email', from: 'farm@example.org', to: 'people@example.org' },
        server: 'smtp://mail.example.org:587',
      },
      { type: 'mastodon' },
      { type: 'webhook', url: 'https://hooks.example.org/secret-path', secret: 'hook' },
    ],
  },
  {
    ...{ ...shared, name: 'asleep', channels: [guixChannel], active: false },
    ...{ selection: { custom: ['my-channel ci'] }, priority: 5, period: 60 },
  },
];

async function seedSpecifications(database: Database): Promise<void> {
  for (const [index, document] of specifications.entries()) {
    await database.execute(
      `insert into specifications (id, name, version, created_at) overriding system value
       values ($1, $2, 1, $3)`,
      [index + 1, document.name, at(1)],
    );
    await database.execute(
      `insert into specification_versions (specification_id, version, document)
       values ($1, 1, $2)`,
      [index + 1, JSON.stringify(document)],
    );
  }
  await database.execute(
    `select setval(pg_get_serial_sequence('specifications', 'id'), ${specifications.length})`,
  );
}

type Checkouts = readonly (readonly [channel: string, revision: string])[];
const evaluations: readonly (readonly [
  specification: number,
  status: string,
  ended: string | null,
  checkouts: Checkouts,
])[] = [
  [1, 'succeeded', at(2, '12:05:00'), [['guix', revision('a')]]],
  [1, 'succeeded', at(3, '12:05:00'), [['guix', revision('b')]]],
  [1, 'failed', at(4, '12:05:00'), [['guix', revision('c')]]],
  [
    2,
    'succeeded',
    at(5, '12:05:00'),
    [
      ['guix', revision('b')],
      ['my-channel', revision('7')],
    ],
  ],
  [
    2,
    'succeeded',
    at(6, '12:05:00'),
    [
      ['guix', revision('c')],
      ['my-channel', revision('7')],
    ],
  ],
  [
    2,
    'started',
    null,
    [
      ['guix', revision('d')],
      ['my-channel', revision('7')],
    ],
  ],
  [
    2,
    'aborted',
    at(8, '12:05:00'),
    [
      ['guix', revision('e')],
      ['my-channel', revision('7')],
    ],
  ],
];

async function seedEvaluations(database: Database): Promise<void> {
  for (const [index, [specification, status, ended, checkouts]] of evaluations.entries()) {
    const id = index + 1;
    await database.execute(
      `insert into evaluations (id, specification_id, specification_version, revisions_digest, try,
         trigger, status, started_at, ended_at)
       overriding system value values ($1::bigint, $2, 1, $1::bigint::text, 1, 'poll', $3, $4, $5)`,
      [id, specification, status, at(id + 1), ended],
    );
    for (const [position, [channel, commit]] of checkouts.entries()) {
      await database.execute(
        `insert into checkouts (evaluation_id, channel, url, branch, revision, position)
         values ($1, $2, 'https://git.example.org/x.git', 'main', $3, $4)`,
        [id, channel, commit, position],
      );
    }
  }
  await database.execute('select ensure_evaluation_partitions(1)');
  await database.execute(
    `select setval(pg_get_serial_sequence('evaluations', 'id'), ${evaluations.length})`,
  );
}

async function seedWorker(database: Database): Promise<void> {
  await database.execute(
    `insert into workers (id, name, credential_hash, systems, class) overriding system value
     values (1, 'hydra-guix-101', 'x', '{x86_64-linux}', 'x86_64-linux~@1')`,
  );
}

interface Seeded {
  readonly id: number;
  readonly evaluation: number;
  readonly name: string;
  readonly status: string;
  readonly system?: string;
  readonly priority?: number;
  readonly reason?: string;
  readonly outputs?: readonly (readonly [name: string, path: string | null])[];
  /** Day on which it ended. */
  readonly ended?: number;
}

const builds: readonly Seeded[] = [
  {
    ...{ id: 1, evaluation: 4, name: 'hello-2.12', status: 'succeeded', ended: 5 },
    outputs: [
      ['debug', `${hash(101)}-hello-2.12-debug`],
      ['out', `${hash(1)}-hello-2.12`],
    ],
  },
  {
    ...{ id: 2, evaluation: 4, name: 'emacs-29.4', status: 'failed', ended: 6 },
    reason: 'builder-failed',
  },
  {
    ...{ id: 3, evaluation: 4, name: 'emacs-next-30.0', status: 'failed-dependency', ended: 6 },
    reason: 'dependency',
  },
  {
    ...{ id: 4, evaluation: 4, name: 'tar-1.35', status: 'failed-other', ended: 6 },
    reason: 'worker-lost',
  },
  { id: 5, evaluation: 5, name: 'sed-4.9', status: 'canceled', ended: 7 },
  { id: 6, evaluation: 5, name: 'grep-3.11', status: 'scheduled', priority: 9 },
  { id: 7, evaluation: 5, name: 'gawk-5.3', status: 'submitted' },
  {
    ...{ id: 8, evaluation: 5, name: 'icecat-128', status: 'started', system: 'aarch64-linux' },
    outputs: [['out', null]],
  },
  { id: 9, evaluation: 1, name: 'guix-1.4.0', status: 'succeeded', ended: 2 },
  { id: 10, evaluation: 2, name: 'guix-1.5.0', status: 'failed', ended: 3 },
  { id: 11, evaluation: 5, name: 'source.tar.xz', status: 'scheduled', priority: 3 },
  { id: 12, evaluation: 5, name: 'comma-1.0', status: 'succeeded', ended: 7 },
  { id: 13, evaluation: 5, name: 'libstdc++-13', status: 'succeeded', ended: 7 },
];

async function seedBuild(database: Database, build: Seeded): Promise<void> {
  const { id, evaluation, name, status, system = 'x86_64-linux', priority = 9 } = build;
  const { outputs = [['out', `${hash(id)}-${name}`]], reason = null, ended } = build;
  const began = ended === undefined && status !== 'started' ? null : at(ended ?? 7, '12:30:00');
  await database.execute(
    `insert into derivations (id, store_id, path, name, package_name, system)
     select $1, id, $2, $3, $4, $5 from stores where slug = 'guix'`,
    [id, `${hash(500 + id)}-${name}.drv`, name, name.replace(/-[0-9].*/, ''), system],
  );
  await database.execute(
    `insert into builds (id, evaluation_id, status, reason, priority, scheduled_at, started_at,
       ended_at) values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      ...[id, evaluation, status, reason, priority],
      ...[at(evaluation + 1, '12:01:00'), began, ended ? at(ended, '13:00:00') : null],
    ],
  );
  for (const [output, path] of outputs) {
    await database.execute(
      `insert into outputs (derivation_id, name, store_id, path)
       select $1, $2, id, $3 from stores where slug = 'guix'`,
      [id, output, path],
    );
  }
  if (began === null) return;
  await database.execute(
    `insert into attempts (evaluation_id, id, build_id, number, worker_id, slot, status)
     values ($1, $2, $2, 1, 1, 0, $3)`,
    [evaluation, id, ['succeeded', 'failed', 'started'].includes(status) ? status : 'canceled'],
  );
}

/** A derivation that no build wants. */
async function seedUnbuilt(database: Database): Promise<void> {
  await database.execute(
    `with d as (
       insert into derivations (id, store_id, path, name, package_name, system)
       select 777, id, $1, 'unbuilt', 'unbuilt', 'x86_64-linux' from stores where slug = 'guix'
       returning id, store_id)
     insert into outputs (derivation_id, name, store_id, path)
     select id, 'out', store_id, $2 from d`,
    [`${hash(778)}-unbuilt.drv`, `${hash(777)}-unbuilt`],
  );
}

/** Evaluation, name, system, build. */
const jobs: readonly (readonly [number, string, string, number | null])[] = [
  [1, 'guix.x86_64-linux', 'x86_64-linux', 9],
  [2, 'guix.x86_64-linux', 'x86_64-linux', 10],
  [4, 'hello.x86_64-linux', 'x86_64-linux', 1],
  [4, 'emacs.x86_64-linux', 'x86_64-linux', 2],
  [4, 'emacs-next.x86_64-linux', 'x86_64-linux', 3],
  [4, 'tar.x86_64-linux', 'x86_64-linux', 4],
  [5, 'hello.x86_64-linux', 'x86_64-linux', 1],
  [5, 'sed.x86_64-linux', 'x86_64-linux', 5],
  [5, 'grep.x86_64-linux', 'x86_64-linux', 6],
  [5, 'gawk.x86_64-linux', 'x86_64-linux', 7],
  [5, 'icecat.aarch64-linux', 'aarch64-linux', 8],
  [5, 'a,b.x86_64-linux', 'x86_64-linux', 12],
  [5, 'libstdc++.x86_64-linux', 'x86_64-linux', 13],
  [5, 'broken-package.x86_64-linux', 'x86_64-linux', null],
];

async function seedJobs(database: Database): Promise<void> {
  for (const [evaluation, name, system, build] of jobs) {
    await database.execute(
      `with n as (insert into job_names (name) values ($2) on conflict (name)
                  do update set name = excluded.name returning id)
       insert into jobs (evaluation_id, name_id, system, build_id, error)
       select $1, id, $3, $4, case when $4::bigint is null then 'unbound variable' end from n`,
      [evaluation, name, system, build],
    );
  }
}

/** Two of a build with two outputs: neither may be told twice. One is not there yet. */
async function seedProducts(database: Database): Promise<void> {
  await database.execute(
    `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
     select id, $1, $2, 'sha256:x', 1 from stores where slug = 'guix'`,
    [hash(1), `${hash(1)}-hello-2.12`],
  );
  for (const [type, path] of [
    ['ISO-9660', ''],
    ['manual', 'share/doc/hello.pdf'],
  ]) {
    await database.execute(
      `insert into build_products (build_id, type, output, path, path_id, file_name, size, sha256,
         file_key, taken_at)
       select 1, $1, 'out', $2, id, 'f', 4711, repeat('0', 64),
         repeat('0', 52) || '.product', now() from store_paths`,
      [type, path],
    );
  }
  await database.execute(
    `insert into build_products (build_id, type, output, path) values (1, 'later', 'out', 'x')`,
  );
}

/** `emacs` broke in evaluation 4; `hello` had failed before it. */
async function seedChanges(database: Database): Promise<void> {
  for (const [name, first, build, weather] of [
    ['emacs.x86_64-linux', true, 2, 'new-failure'],
    ['hello.x86_64-linux', false, 1, 'new-success'],
  ] as const) {
    await database.execute(
      `insert into job_standings (specification_id, name_id, system, first_evaluation_id,
         first_succeeded, evaluation_id, build_id, succeeded)
       select 2, id, 'x86_64-linux', 3, $2, 4, $3, not $2 from job_names where name = $1`,
      [name, first, build],
    );
    await database.execute(
      `insert into weather_changes (specification_id, evaluation_id, build_id, name_id, system,
         weather, changed_at)
       select 2, 4, $2, id, 'x86_64-linux', $3, $4 from job_names where name = $1`,
      [name, build, weather, at(6, '13:00:00')],
    );
  }
}
