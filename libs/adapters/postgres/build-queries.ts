/** What the API and the dashboard read of builds, in lists and one by one. */
import type { AttemptId, BuildId } from '#domain/ids.js';
import type {
  AttemptAnswer,
  BuildsQuery,
  BuildSummary,
  DifferingNar,
  OutputAnswer,
} from '#protocol/api/build.js';
import { cutPage, type Page } from '#protocol/api/page.js';
import type { Database, Row } from './database.js';
import { iso, summaryColumns, summaryOf, type SummaryRow } from './reading.js';

/** The parts of a build that its row and its derivation's hold. */
export interface BuildDetail extends BuildSummary {
  readonly store: { readonly slug: string; readonly dir: string };
  /** Base name of the `.drv`. */
  readonly derivation: string;
  readonly packageName: string;
  readonly requiredFeatures: readonly string[];
  readonly priority: number;
  readonly timeoutSeconds: number | null;
  readonly maxSilentSeconds: number | null;
  readonly failedInput: number | null;
}

interface DetailRow extends SummaryRow {
  slug: string;
  dir: string;
  path: string;
  package_name: string;
  required_features: string[];
  priority: number;
  timeout_seconds: number | null;
  max_silent_seconds: number | null;
  failed_input_id: number | null;
}

interface AttemptRow extends Row {
  id: number;
  number: number;
  worker_id: number;
  worker_name: string;
  slot: number;
  status: AttemptAnswer['status'];
  reason: string | null;
  message: string | null;
  exit_code: number | null;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  log_bytes: number;
}

interface OutputRow extends Row {
  name: string;
  slug: string;
  dir: string;
  path: string | null;
  nar_hash: string | null;
  nar_size: number | null;
  differing: DifferingNar[] | null;
  upstream: string | null;
}

export class BuildQueries {
  /** `substituter` is the address below which narinfos lie, without a trailing slash. */
  constructor(
    private readonly database: Database,
    private readonly substituter: string,
  ) {}

  /** Newest first. */
  async list(query: BuildsQuery): Promise<Page<BuildSummary>> {
    const rows = await this.database.query<SummaryRow>(
      `select ${summaryColumns} from builds b join derivations d on d.id = b.id
        where ($1::bigint is null or b.id < $1) and ($2::text is null or b.status = $2)
          and ($3::text is null or d.system = $3) and ($4::text is null or d.package_name = $4)
        order by b.id desc limit $5`,
      [
        query.cursor ?? null,
        query.status ?? null,
        query.system ?? null,
        query.package ?? null,
        query.limit + 1,
      ],
    );
    const page = cutPage(rows, query.limit, (row) => String(row.id));
    return { items: page.items.map(summaryOf), next: page.next };
  }

  /** Those that a worker has in hand, the longest first. */
  async running(limit: number): Promise<BuildSummary[]> {
    const rows = await this.database.query<SummaryRow>(
      `select ${summaryColumns} from builds b join derivations d on d.id = b.id
        where b.status in ('submitted', 'started') order by b.id limit $1`,
      [limit],
    );
    return rows.map(summaryOf);
  }

  /** Those that ended last. */
  async ended(limit: number): Promise<BuildSummary[]> {
    const rows = await this.database.query<SummaryRow>(
      `select ${summaryColumns} from builds b join derivations d on d.id = b.id
        where b.ended_at is not null order by b.ended_at desc limit $1`,
      [limit],
    );
    return rows.map(summaryOf);
  }

  /** In the order given; those that are gone are left out. */
  async those(builds: readonly number[]): Promise<BuildSummary[]> {
    const rows = await this.database.query<SummaryRow>(
      `select ${summaryColumns} from unnest($1::bigint[]) with ordinality t (id, place)
         join builds b on b.id = t.id join derivations d on d.id = b.id order by t.place`,
      [builds],
    );
    return rows.map(summaryOf);
  }

  async find(build: BuildId): Promise<BuildDetail | null> {
    const [row] = await this.database.query<DetailRow>(
      `select ${summaryColumns}, s.slug, s.dir, d.path, d.package_name, d.required_features,
              b.priority, b.timeout_seconds, b.max_silent_seconds, b.failed_input_id
         from builds b join derivations d on d.id = b.id join stores s on s.id = d.store_id
        where b.id = $1`,
      [build],
    );
    return row ? detailOf(row) : null;
  }

  /** By number, the first one first. */
  async attempts(build: BuildId): Promise<AttemptAnswer[]> {
    const rows = await this.database.query<AttemptRow>(
      `select a.*, coalesce(w.name, '?') as worker_name
         from attempts a left join workers w on w.id = a.worker_id
        where a.build_id = $1 order by a.number`,
      [build],
    );
    return rows.map((row) => attemptOf(row, build));
  }

  /** Where the build stands and which attempt is its last: all that a live log must know. */
  async standing(build: BuildId): Promise<Standing | null> {
    const [row] = await this.database.query<Row & Standing>(
      `select b.status, b.reason, a.id as attempt, a.number, a.status as "attemptStatus"
         from builds b left join lateral (select id, number, status from attempts
           where build_id = b.id order by number desc limit 1) a on true
        where b.id = $1`,
      [build],
    );
    return row ?? null;
  }

  async outputs(build: BuildId): Promise<OutputAnswer[]> {
    const rows = await this.database.query<OutputRow>(
      `select o.name, s.slug, s.dir, o.path, p.nar_hash, p.nar_size,
              (select u.url from upstream_paths t join upstreams u on u.id = t.upstream_id
                where t.store_id = o.store_id and t.hash_part = left(o.path, 32)
                  and t.path = o.path and u.removed_at is null) as upstream,
              (select json_agg(t) from (
                 select n.offered_hash as "offeredHash", n.other_hash as "otherHash",
                        n.principal as "from", n.seen_at as "seenAt"
                   from differing_nars n join stores t on t.id = n.store_id
                  where n.path = o.path and t.dir = s.dir
                  order by n.id desc limit 10) t) as differing
         from outputs o join stores s on s.id = o.store_id
         left join store_paths p on p.store_id = o.store_id
          and p.hash_part = left(o.path, 32) and p.path = o.path and p.withdrawn_at is null
        where o.derivation_id = $1 order by o.name`,
      [build],
    );
    return rows.map((row) => this.outputOf(row));
  }

  /** The newest evaluations whose jobs point at the build. */
  async jobsOf(
    build: BuildId,
    limit: number,
  ): Promise<{ evaluation: string; specification: string; name: string }[]> {
    const rows = await this.database.query<
      Row & { evaluation: number; specification: string; name: string }
    >(
      `select j.evaluation_id as evaluation, s.name as specification, n.name
         from jobs j join job_names n on n.id = j.name_id
         join evaluations e on e.id = j.evaluation_id
         join specifications s on s.id = e.specification_id
        where j.build_id = $1 order by j.evaluation_id desc, n.name limit $2`,
      [build, limit],
    );
    return rows.map((row) => ({ ...row, evaluation: String(row.evaluation) }));
  }

  private outputOf(row: OutputRow): OutputAnswer {
    const offered = row.nar_hash !== null && row.path !== null;
    return {
      name: row.name,
      path: row.path === null ? null : `${row.dir}/${row.path}`,
      offered,
      narHash: row.nar_hash,
      narSize: row.nar_size,
      narinfo: offered
        ? `${this.substituter}/${row.slug}/${(row.path ?? '').slice(0, 32)}.narinfo`
        : null,
      upstream: row.upstream,
      differing: (row.differing ?? []).map((one) => ({
        ...one,
        seenAt: new Date(one.seenAt).toISOString(),
      })),
    };
  }
}

export interface Standing {
  readonly status: BuildSummary['status'];
  readonly reason: string | null;
  readonly attempt: AttemptId | null;
  readonly number: number | null;
  readonly attemptStatus: AttemptAnswer['status'] | null;
}

function detailOf(row: DetailRow): BuildDetail {
  return {
    ...summaryOf(row),
    store: { slug: row.slug, dir: row.dir },
    derivation: row.path,
    packageName: row.package_name,
    requiredFeatures: row.required_features,
    priority: row.priority,
    timeoutSeconds: row.timeout_seconds,
    maxSilentSeconds: row.max_silent_seconds,
    failedInput: row.failed_input_id,
  };
}

function attemptOf(row: AttemptRow, build: BuildId): AttemptAnswer {
  return {
    id: String(row.id),
    number: row.number,
    worker: { id: String(row.worker_id), name: row.worker_name },
    slot: row.slot,
    status: row.status,
    reason: row.reason,
    message: row.message,
    exitCode: row.exit_code,
    createdAt: iso(row.created_at),
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
    logBytes: row.log_bytes,
    log: `/api/v1/builds/${build}/log?attempt=${row.id}`,
  };
}
