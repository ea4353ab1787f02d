/** The leases of started evaluations. */
import { randomBytes } from 'node:crypto';
import { id, type EvaluationId, type Fence, type SpecificationId } from '#domain/ids.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import type { Specification } from '#domain/specification/specification.js';
import type {
  ClaimedEvaluation,
  EvaluationEnd,
  EvaluationLease,
  EvaluationLeases,
} from '#application/ports/evaluation-leases.js';
import type { Database } from './database.js';

interface ClaimedRow {
  id: number;
  specification_id: number;
  specification_version: number;
  reads: number;
}

const claimOldest = `
update evaluations set evaluator = $1, lease_fence = $2, reads = reads + 1,
       lease_expires_at = now() + make_interval(secs => $3),
       job_count = 0, error_count = 0, derivation_count = 0
 where id = (select id from evaluations
              where status = 'started' and (lease_expires_at is null or lease_expires_at < now())
              order by id limit 1 for update skip locked)
returning id, specification_id, specification_version, reads`;

export class PostgresEvaluationLeases implements EvaluationLeases {
  constructor(private readonly database: Database) {}

  async claim(evaluator: string, leaseSeconds: number): Promise<ClaimedEvaluation | null> {
    const fence = randomBytes(8).toString('hex') as Fence;
    return this.database.transaction(async (client) => {
      const claimed = await client.query<ClaimedRow>(claimOldest, [evaluator, fence, leaseSeconds]);
      const row = claimed.rows[0];
      if (!row) return null;
      if (row.reads > 1) await client.query('delete from jobs where evaluation_id = $1', [row.id]);
      const documents = await client.query<{ document: Specification }>(
        `select document from specification_versions
          where specification_id = $1 and version = $2`,
        [row.specification_id, row.specification_version],
      );
      const checkouts = await client.query<ChannelRevision>(
        `select channel, url, branch, revision from checkouts
          where evaluation_id = $1 order by channel`,
        [row.id],
      );
      return {
        evaluation: id<EvaluationId>(row.id),
        fence,
        specificationId: id<SpecificationId>(row.specification_id),
        specification: documents.rows[0]!.document,
        checkouts: checkouts.rows,
        reads: row.reads,
      };
    });
  }

  async renew(lease: EvaluationLease, leaseSeconds: number): Promise<boolean> {
    const touched = await this.database.execute(
      `update evaluations set lease_expires_at = now() + make_interval(secs => $3)
        where id = $1 and lease_fence = $2 and status = 'started'`,
      [lease.evaluation, lease.fence, leaseSeconds],
    );
    return touched === 1;
  }

  async release(lease: EvaluationLease): Promise<void> {
    await this.database.execute(
      `update evaluations set lease_expires_at = null, lease_fence = null, evaluator = null
        where id = $1 and lease_fence = $2 and status = 'started'`,
      [lease.evaluation, lease.fence],
    );
  }

  async finish(lease: EvaluationLease, end: EvaluationEnd): Promise<boolean> {
    const touched = await this.database.execute(
      `update evaluations
          set status = $3, reason = $4, message = $5, ended_at = now(),
              lease_expires_at = null, lease_fence = null
        where id = $1 and lease_fence = $2 and status = 'started'`,
      [lease.evaluation, lease.fence, end.status, end.reason, end.message],
    );
    return touched === 1;
  }
}
