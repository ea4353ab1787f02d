/**
 * What the API and the dashboard read of evaluations and jobs. Lists go by key, newest first; the
 * jobs of an evaluation go in the order in which they were told.
 */
import type { EvaluationId } from '#domain/ids.js';
import type { Specification } from '#domain/specification/specification.js';
import { withoutPassword } from '#domain/specification/password.js';
import type {
  EvaluationAnswer,
  EvaluationsQuery,
  JobAnswer,
  JobCounts,
  JobsQuery,
  JobStatus,
} from '#protocol/api/evaluation.js';
import { cutPage, type Page } from '#protocol/api/page.js';
import type { Database, Row } from './database.js';
import { readJobCounts } from './evaluation-counts.js';
import { anywhere, iso } from './reading.js';

const checkoutColumn = `coalesce((select jsonb_agg(jsonb_build_object('channel', c.channel,
  'url', c.url, 'branch', c.branch, 'revision', c.revision,
  'introduction', case when c.introduction_commit is not null then jsonb_build_object(
    'commit', c.introduction_commit, 'fingerprint', c.introduction_fingerprint) end,
  'via', c.via) order by c.position, c.channel)
  from checkouts c where c.evaluation_id = e.id), '[]')`;
const evaluationColumns = `e.*, s.name as specification_name, ${checkoutColumn} as checkouts`;

type Checkouts = EvaluationAnswer['checkouts'];

export interface EvaluationReading {
  readonly document: Specification;
  readonly checkouts: Checkouts;
  readonly jobCount: number;
}

interface EvaluationRow extends Row {
  id: number;
  specification_id: number;
  specification_name: string;
  specification_version: number;
  try: number;
  trigger: EvaluationAnswer['trigger'];
  status: EvaluationAnswer['status'];
  reason: string | null;
  message: string | null;
  started_at: Date;
  ended_at: Date | null;
  canceled_at: Date | null;
  cancel_reason: string | null;
  pruned_at: Date | null;
  checkouts: Checkouts;
  job_count: number;
  error_count: number;
  derivation_count: number;
  new_build_count: number;
}

interface JobRow extends Row {
  id: number;
  name: string;
  system: string;
  status: JobStatus;
  reason: string | null;
  build_id: number | null;
  error: string | null;
  description: string | null;
  ended_at: Date | null;
}

export class EvaluationQueries {
  constructor(private readonly database: Database) {}

  async list(query: EvaluationsQuery): Promise<Page<EvaluationAnswer>> {
    const rows = await this.database.query<EvaluationRow>(
      `select ${evaluationColumns}
         from evaluations e join specifications s on s.id = e.specification_id
        where ($1::bigint is null or e.id < $1)
          and ($2::text is null or e.specification_id =
               (select id from specifications where name = $2 and archived_at is null))
        order by e.id desc limit $3`,
      [query.cursor ?? null, query.specification ?? null, query.limit + 1],
    );
    const page = cutPage(rows, query.limit, (row) => String(row.id));
    return { items: await this.withCounts(page.items), next: page.next };
  }

  async find(evaluation: EvaluationId): Promise<EvaluationAnswer | null> {
    return (await this.among([evaluation]))[0] ?? null;
  }

  /** The newest evaluation of each specification. */
  async lastOf(specifications: readonly number[]): Promise<Map<number, EvaluationAnswer>> {
    const rows = await this.database.query<{ specification: number; evaluation: number }>(
      `select s.id as specification, e.id as evaluation from unnest($1::bigint[]) as s (id)
        cross join lateral (select id from evaluations where specification_id = s.id
                             order by id desc limit 1) e`,
      [specifications],
    );
    const found = await this.among(rows.map((row) => row.evaluation));
    const byId = new Map(found.map((evaluation) => [evaluation.id, evaluation]));
    return new Map(
      rows.flatMap((row) => {
        const evaluation = byId.get(String(row.evaluation));
        return evaluation ? [[row.specification, evaluation] as const] : [];
      }),
    );
  }

  async jobs(evaluation: EvaluationId, query: JobsQuery): Promise<Page<JobAnswer>> {
    const rows = await this.database.query<JobRow>(
      `select j.id, n.name, j.system, coalesce(b.status, 'error') as status, b.reason, j.build_id,
              j.error, j.meta ->> 'description' as description, b.ended_at
         from jobs j join job_names n on n.id = j.name_id left join builds b on b.id = j.build_id
        where j.evaluation_id = $1 and j.id > $2
          and ($3::text is null or coalesce(b.status, 'error') = $3)
          and ($4::text is null or n.name ilike $4)
          and ($5::text is null or j.system = $5)
        order by j.id limit $6`,
      [
        evaluation,
        query.cursor ?? 0,
        query.status ?? null,
        query.name === undefined ? null : anywhere(query.name),
        query.system ?? null,
        query.limit + 1,
      ],
    );
    const page = cutPage(rows, query.limit, (row) => String(row.id));
    return { items: page.items.map(jobOf), next: page.next };
  }

  /** What the evaluation was told to read, as its version of the specification says it. */
  async read(evaluation: EvaluationId): Promise<EvaluationReading | null> {
    const [row] = await this.database.query<Row & EvaluationReading>(
      `select v.document, e.job_count as "jobCount", ${checkoutColumn} as checkouts
         from evaluations e join specification_versions v
           on v.specification_id = e.specification_id and v.version = e.specification_version
        where e.id = $1`,
      [evaluation],
    );
    return row ? { ...row, checkouts: row.checkouts.map(withoutSecret) } : null;
  }

  /** In no order. */
  async among(evaluations: readonly number[]): Promise<EvaluationAnswer[]> {
    if (evaluations.length === 0) return [];
    const rows = await this.database.query<EvaluationRow>(
      `select ${evaluationColumns}
         from evaluations e join specifications s on s.id = e.specification_id
        where e.id = any($1)`,
      [evaluations],
    );
    return this.withCounts(rows);
  }

  private async withCounts(rows: readonly EvaluationRow[]): Promise<EvaluationAnswer[]> {
    const counts = await readJobCounts(
      this.database,
      rows.map((row) => row.id),
    );
    return rows.map((row) => evaluationOf(row, counts.get(row.id) ?? {}));
  }
}

function withoutSecret(checkout: Checkouts[number]): Checkouts[number] {
  return { ...checkout, url: withoutPassword(checkout.url) };
}

function evaluationOf(row: EvaluationRow, jobs: JobCounts): EvaluationAnswer {
  return {
    id: String(row.id),
    specification: { id: String(row.specification_id), name: row.specification_name },
    specificationVersion: row.specification_version,
    try: row.try,
    trigger: row.trigger,
    status: row.status,
    reason: row.reason,
    message: row.message,
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
    canceledAt: iso(row.canceled_at),
    cancelReason: row.cancel_reason,
    prunedAt: iso(row.pruned_at),
    checkouts: row.checkouts.map(withoutSecret),
    jobCount: row.job_count,
    errorCount: row.error_count,
    derivationCount: row.derivation_count,
    newBuildCount: row.new_build_count,
    jobs,
    estimate: null,
  };
}

function jobOf(row: JobRow): JobAnswer {
  return {
    id: String(row.id),
    name: row.name,
    system: row.system,
    status: row.status,
    reason: row.reason,
    build: row.build_id === null ? null : String(row.build_id),
    error: row.error,
    description: row.description,
    endedAt: iso(row.ended_at),
  };
}
