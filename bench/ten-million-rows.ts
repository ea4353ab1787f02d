/**
 * The rows of the generated farm as SQL. Evaluation e belongs to specification 1 + (e - 1) mod S,
 * has the jobs k = 1 … J, and brings the builds (e - 1) J + k. Every fifth job points at the build
 * that the evaluation before it brought, so that a fifth of the builds are only inputs and
 * evaluations share. A last specification has one evaluation of 100,000 jobs. A job's name is the
 * x-th of 30,000: `PACKAGE.SYSTEM`, one package in four systems.
 */
export interface FarmSize {
  readonly specifications: number;
  readonly evaluations: number;
  /** In each evaluation; the builds are `evaluations` times as many. */
  readonly jobs: number;
}

const names = 30_000;
const store = `(select id from stores where slug = 'guix')`;
const systems = `(array['x86_64-linux', 'i686-linux', 'aarch64-linux', 'powerpc64le-linux'])`;
const families = `(array['', 'python-', 'perl-', 'r-', 'ghc-', 'emacs-', 'rust-', 'go-',
  'texlive-', 'ruby-', 'java-', 'font-'])`;
const syllables = `(array['ba','ce','di','fo','gu','ka','le','mi','no','pu','ra','se','ti','vo',
  'xu','za'])`;
const specificationNames = `(array['guix', 'master', 'images', 'staging', 'core-packages',
  'rust-team', 'python-team', 'gnome-team', 'kernel-updates', 'hurd', 'tests', 'science-team',
  'everything'])`;

const document = {
  backend: 'guix',
  channels: [{ name: 'guix', url: 'https://git.example.org/guix.git', branch: 'master' }],
  selection: { set: 'all' },
  systems: ['x86_64-linux', 'i686-linux', 'aarch64-linux', 'powerpc64le-linux'],
  priority: 9,
  period: 3600,
  share: 100,
  limits: {},
  active: true,
};

/** The package of the x-th name: a few that everybody asks for, then families of made-up words. */
function packageOf(x: string): string {
  const p = `(${x} / 4)`;
  const word = [0, 4, 8].map(
    (shift) => `${syllables}[1 + ((${p} * 2654435::bigint >> ${shift}) & 15)::int]`,
  );
  return `case ${p} when 0 then 'hello' when 1 then 'guix' when 2 then 'image.iso'
    when 3 then 'linux-libre' when 4 then 'icecat'
    else ${families}[1 + ${p} % 12] || ${word.join(' || ')} || ${p} end`;
}

function hashOf(text: string): string {
  return `translate(md5(${text}), 'e', 'x')`;
}

/** SQL over builds: n is one, e its evaluation, k its job, x its name, s its specification. */
function buildsFrom({ specifications, evaluations, jobs }: FarmSize): string {
  return `generate_series(1, ${evaluations * jobs}) n
    cross join lateral (select 1 + (n - 1) / ${jobs} as e, 1 + (n - 1) % ${jobs} as k) a
    cross join lateral (select 1 + (e - 1) % ${specifications} as s) b
    cross join lateral (select ((s - 1) * ${Math.floor(jobs / 4)} + k) % ${names} as x) c`;
}

/** The last evaluation of each specification is still being built. */
function statusSql(size: FarmSize): string {
  // Jobs stand as they do for so many evaluations of their specification.
  const streak = Math.max(1, Math.min(7, Math.floor(size.evaluations / size.specifications / 3)));
  const epoch = `(e / ${size.specifications * streak})`;
  return `case
    when e > ${size.evaluations - size.specifications} and k % 200 = 0 then 'started'
    when e > ${size.evaluations - size.specifications} and k % 200 = 2 then 'submitted'
    when e > ${size.evaluations - size.specifications} and k % 2 = 0 then 'scheduled'
    when (x * 31 + e * 17) % 250 = 0 then 'canceled'
    when (x * 7919::bigint + ${epoch} * 104729) % 100 < 5 then 'failed'
    when (x * 7919::bigint + ${epoch} * 104729) % 100 < 8 then 'failed-dependency'
    when (x * 7919::bigint + e * 13) % 1000 = 9 then 'failed-other'
    else 'succeeded' end`;
}

/** One evaluation follows the other so that all of them fill a year. */
function beginOf(e: string, { evaluations }: FarmSize): string {
  const minutes = (365 * 24 * 60) / evaluations;
  const ago = `((${evaluations + 1} - ${e}) * ${minutes})::int`;
  return `(date_trunc('minute', now()) - make_interval(mins => ${ago}))`;
}

function largest({ evaluations, jobs }: FarmSize): number {
  return Math.min(100_000, evaluations * jobs);
}

/** What everything else hangs on: few rows, their indexes in place. */
export function parentRows(size: FarmSize): string[] {
  const { specifications, evaluations, jobs } = size;
  const all = `generate_series(1, ${evaluations}) e`;
  return [
    `insert into specifications (name, version, next_poll_at)
     select ${specificationNames}[s], 1, now() + interval '10 years'
       from generate_series(1, ${specifications + 1}) s`,
    `insert into specification_versions (specification_id, version, document)
     select s.id, 1, '${JSON.stringify(document)}'::jsonb || jsonb_build_object('name', s.name)
     from specifications s`,
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
       trigger, status, reason, started_at, ended_at, job_count, derivation_count, new_build_count,
       products_wished_at, weighed_at)
     select 1 + (e - 1) % ${specifications}, 1, md5('d' || e), 1, 'poll',
            case when e % 97 = 0 then 'failed' else 'succeeded' end,
            case when e % 97 = 0 then 'evaluator-failed' end,
            ${beginOf('e', size)}, ${beginOf('e', size)} + make_interval(secs => 240 + e % 600),
            ${jobs}, ${jobs} * 3, ${jobs}, now(), now() from ${all}`,
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
       trigger, status, started_at, ended_at, job_count, products_wished_at, weighed_at)
     select ${specifications + 1}, 1, '', 1, 'poll', 'succeeded', now() - interval '40 days',
            now() - interval '40 days', ${largest(size)}, now(), now()`,
    `insert into checkouts (evaluation_id, channel, url, branch, revision, position)
     select e, c.name, 'https://git.example.org/' || c.name || '.git', 'master',
            md5(c.name || e / c.every) || left(md5('r' || e / c.every), 8), c.position
       from generate_series(1, ${evaluations + 1}) e,
            (values ('guix', 1, 0), ('nonfree-firmware', 40, 1)) c (name, every, position)
      where c.position = 0 or 1 + (e - 1) % ${specifications} > 2`,
    `insert into job_names (id, name) overriding system value
     select x + 1, ${packageOf('x')} || '.' || ${systems}[1 + x % 4]
       from generate_series(0, ${names - 1}) x`,
    `select ensure_evaluation_partitions(e) from generate_series(0, ${evaluations}, 256) e`,
    `select ensure_evaluation_partitions(${evaluations + 1})`,
    `insert into workers (name, credential_hash, systems, slots, cores, class, connected_at,
                          last_seen_at)
     select 'hydra-guix-' || w, '', array[${systems}[1 + w % 4]], 64, 64, ${systems}[1 + w % 4],
            now(), now() from generate_series(1, 20) w`,
  ];
}

/** The large tables, each with what fills it. */
export function tableRows(size: FarmSize): Record<string, string[]> {
  const { specifications, evaluations, jobs } = size;
  const from = buildsFrom(size);
  const nixName = `${packageOf('x')} || '-' || 1 + x % 7 || '.' || e / 40 || '.' || x % 9`;
  const ended = `status not in ('scheduled', 'submitted', 'started')`;
  const live = `(e > ${evaluations - specifications})`;
  return {
    derivations: [
      `insert into derivations (id, store_id, path, name, package_name, system, sources, created_at)
       select n, t.id, ${hashOf(`'d' || n`)} || '-' || name || '.drv', name, ${packageOf('x')},
              ${systems}[1 + x % 4], '{}', ${beginOf('e', size)}
         from ${from} cross join ${store} t cross join lateral (select ${nixName} as name) d`,
    ],
    derivation_inputs: [
      // A hub, the one before, and one in between, all of the same evaluation.
      `insert into derivation_inputs (derivation_id, input_id)
       select n, n - k + i from ${from}
        cross join lateral (select distinct i from unnest(
                               array[1 + k % 10, k - 1, k / 2,
                                     case when k % 10 = 0 then k / 3 end]) i
                             where i between 1 and k - 1) d`,
    ],
    outputs: [
      `insert into outputs (derivation_id, name, store_id, path)
       select n, o.name, t.id, ${hashOf(`o.name || n`)} || '-' || d.name || o.suffix
         from ${from} cross join ${store} t cross join lateral (select ${nixName} as name) d
         join (values ('out', '', 1), ('doc', '-doc', 8)) o (name, suffix, every)
           on n % o.every = 0`,
    ],
    builds: [
      `insert into builds (id, evaluation_id, status, reason, priority, timeout_seconds,
         max_silent_seconds, attempts, failure_propagated, scheduled_at, started_at, ended_at)
       select n, e, status, case status when 'failed-dependency' then 'dependency' end, 9, 72000,
              3600, case when ${ended} then 1 else 0 end, ${ended}, began,
              case when status not in ('scheduled', 'submitted', 'canceled', 'failed-dependency')
                then began + make_interval(secs => 300 + (k * 7) % 12000) end,
              case when ${ended}
                then began + make_interval(secs => 310 + (k * 7) % 12000 + x % 900) end
         from ${from} cross join lateral (select ${statusSql(size)} as status,
           case when ${live} then now() - interval '2 hours' else ${beginOf('e', size)} end
             as began) d`,
    ],
    jobs: [
      `insert into jobs (evaluation_id, name_id, system, build_id)
       select e, x + 1, ${systems}[1 + x % 4],
              case when k % 5 = 0 and e > ${specifications}
                then n - ${specifications * jobs} else n end
         from ${from}`,
      `insert into jobs (evaluation_id, name_id, system, build_id)
       select ${evaluations + 1}, x + 1, ${systems}[1 + x % 4], n
         from ${from} where n <= ${largest(size)}`,
    ],
    attempts: [
      `insert into attempts (evaluation_id, build_id, number, worker_id, slot, status, created_at,
                             started_at, ended_at, log_bytes)
       select b.evaluation_id, b.id, 1, 1 + b.id % 20, b.id % 64, b.status, b.scheduled_at,
              b.started_at, b.ended_at, 20000
         from builds b where b.status in ('started', 'submitted')
          or (b.id % 5 = 1 and b.status in ('succeeded', 'failed'))`,
    ],
    ...readModels,
  };
}

const results = `select e.specification_id as s, j.evaluation_id as e, j.build_id, j.name_id,
    j.system, b.status = 'succeeded' as ok
  from jobs j join builds b on b.id = j.build_id join evaluations e on e.id = j.evaluation_id
 where e.status = 'succeeded' and b.status in ('succeeded', 'failed')`;

/** What the coordinator would have kept of it all. */
const readModels: Record<string, string[]> = {
  weather_changes: [
    `insert into weather_changes (specification_id, evaluation_id, build_id, name_id, system,
       weather, changed_at, reference_evaluation_id, reference_build_id)
     select t.s, t.e, t.build_id, t.name_id, t.system,
            case when ok then 'new-success' else 'new-failure' end, b.ended_at,
            t.before_e, t.before_b
       from (select r.*, lag(ok) over w as before, lag(e) over w as before_e,
                    lag(build_id) over w as before_b
               from (${results}) r window w as (partition by s, name_id, system order by e)) t
       join builds b on b.id = t.build_id
      where t.ok <> t.before and t.before_e < t.e order by t.e, t.build_id`,
  ],
  job_standings: [
    `insert into job_standings (specification_id, name_id, system, first_evaluation_id,
       first_succeeded, evaluation_id, build_id, succeeded)
     select s, name_id, system, min(e), (array_agg(ok order by e))[1], max(e),
            (array_agg(build_id order by e desc))[1], (array_agg(ok order by e desc))[1]
       from (${results}) r group by 1, 2, 3`,
  ],
  evaluation_counts: [
    `insert into evaluation_counts (evaluation_id, jobs, succeeded, failed, failed_dependency,
       failed_other, canceled)
     select j.evaluation_id, count(*), count(*) filter (where b.status = 'succeeded'),
            count(*) filter (where b.status = 'failed'),
            count(*) filter (where b.status = 'failed-dependency'),
            count(*) filter (where b.status = 'failed-other'),
            count(*) filter (where b.status = 'canceled')
       from jobs j join builds b on b.id = j.build_id group by 1`,
    `update evaluation_counts c set new_failures = n.failures, new_successes = n.successes
       from (select w.evaluation_id, count(*) filter (where weather = 'new-failure') as failures,
                    count(*) filter (where weather = 'new-success') as successes
               from weather_changes w group by 1) n where n.evaluation_id = c.evaluation_id`,
  ],
};

/** After the indexes: build products of the images, with the offered paths of their outputs. */
export const lastRows: readonly string[] = [
  `create temporary table images as
   select o.derivation_id as build, o.store_id, o.path from outputs o
    where o.name = 'out' and o.derivation_id in (
      select b.id from derivations d join builds b on b.id = d.id
       where d.package_name = 'image.iso' and b.status = 'succeeded')`,
  `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size)
   select store_id, left(path, 32), path, 'sha256:' || repeat('1', 52), 900000000 from images`,
  `insert into build_products (build_id, type, output, path, path_id, file_name, size, sha256,
                               file_key, taken_at)
   select i.build, 'ISO-9660', 'out', '', p.id, substr(i.path, 34), 890000000, repeat('0', 64),
          'product-' || i.build, now()
     from images i join store_paths p on p.store_id = i.store_id and p.path = i.path`,
  `select setval('derivations_id_seq', (select max(id) from derivations))`,
];
