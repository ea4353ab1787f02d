/** The leases of started evaluations. */
import { randomBytes } from 'node:crypto';
import { id, type EvaluationId, type Fence, type SpecificationId } from '#domain/ids.js';
import type { Specification } from '#domain/specification/specification.js';
import type {
  ClaimedEvaluation,
  EvaluationEnd,
  EvaluationLease,
  EvaluationLeases,
} from '#application/ports/evaluation-leases.js';
import { checkoutsOf } from './checkout-rows.js';
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

/**
 * What an end means for builds is left as intents in the same statement. The builds of an
 * evaluation that failed go on only while a live one needs them; one that was read to its end takes
 * the place of the older ones, where the specification says so now.
 */
const finishEvaluation = `
with ended as (
  update evaluations
     set status = $3, reason = $4, message = $5, ended_at = now(),
         lease_expires_at = null, lease_fence = null
   where id = $1 and lease_fence = $2 and status = 'started'
  returning id, specification_id),
superseded as (
  update evaluations o
     set canceled_at = now(), cancel_reason = 'superseded',
         status = case o.status when 'started' then 'aborted' else o.status end,
         reason = case o.status when 'started' then 'superseded' else o.reason end,
         ended_at = coalesce(o.ended_at, now()), lease_expires_at = null, lease_fence = null
    from ended e join specifications s on s.id = e.specification_id
    join specification_versions v on v.specification_id = s.id and v.version = s.version
   where $3 = 'succeeded' and v.document ->> 'superseded' = 'cancel'
     and o.specification_id = e.specification_id and o.id < e.id
     and o.status in ('started', 'succeeded') and o.canceled_at is null
  returning o.id),
asked as (
  insert into intents (kind, evaluation_id, reason)
  select 'cancel', id, 'evaluation-failed' from ended where $3 <> 'succeeded'
  union all
  select 'cancel', id, 'superseded' from superseded)
select count(*)::int as ended from ended`;

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
      const evaluation = id<EvaluationId>(row.id);
      return {
        evaluation,
        fence,
        specificationId: id<SpecificationId>(row.specification_id),
        specification: documents.rows[0]!.document,
        checkouts: await checkoutsOf(client, evaluation),
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
    const [row] = await this.database.query<{ ended: number }>(finishEvaluation, [
      lease.evaluation,
      lease.fence,
      end.status,
      end.reason,
      end.message,
    ]);
    return row?.ended === 1;
  }
}
