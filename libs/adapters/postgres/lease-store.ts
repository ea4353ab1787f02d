/**
 * Leases by the database's clock: renewed by heartbeats, reaped only when no outage of ours
 * explains them.
 */
import { id, type AttemptId, type BuildId, type Fence, type WorkerId } from '#domain/ids.js';
import type { AttemptClaim, LeaseStore, Renewal } from '#application/ports/lease-store.js';
import type { AttemptReport } from '#application/ports/report-store.js';
import type { Database, Row } from './database.js';

interface RenewedRow extends Row {
  attempt_id: number;
  fence: Fence;
  cancel_reason: string | null;
}

interface ExpiredRow extends Row {
  attempt_id: number;
  worker_id: number;
  fence: Fence;
}

export class PostgresLeaseStore implements LeaseStore {
  constructor(private readonly database: Database) {}

  async renew(
    worker: WorkerId,
    claims: readonly AttemptClaim[],
    seconds: number,
  ): Promise<Renewal> {
    if (claims.length === 0) return { renewed: new Set(), canceled: [] };
    const rows = await this.database.query<RenewedRow>(
      `with mine as (
         select l.attempt_id from leases l
           join unnest($2::bigint[], $3::text[]) c (attempt, fence)
             on c.attempt = l.attempt_id and c.fence = l.fence
          where l.worker_id = $1 order by l.attempt_id for update of l)
       update leases l set expires_at = now() + make_interval(secs => $4)
         from mine where l.attempt_id = mine.attempt_id
       returning l.attempt_id, l.fence, l.cancel_reason`,
      [worker, claims.map((c) => c.attempt), claims.map((c) => c.fence), seconds],
    );
    return {
      renewed: new Set(rows.map((row) => id<AttemptId>(row.attempt_id))),
      canceled: rows.flatMap(({ attempt_id, fence, cancel_reason: reason }) =>
        reason === null ? [] : [{ attempt: id<AttemptId>(attempt_id), fence, reason }],
      ),
    };
  }

  async holder(attempt: AttemptId): Promise<WorkerId | null> {
    const [row] = await this.database.query<{ worker_id: number }>(
      'select worker_id from leases where attempt_id = $1',
      [attempt],
    );
    return row ? id<WorkerId>(row.worker_id) : null;
  }

  async forgotten(
    worker: WorkerId,
    named: readonly AttemptId[],
  ): Promise<readonly AttemptReport[]> {
    const rows = await this.database.query<ExpiredRow>(
      `select l.attempt_id, l.worker_id, l.fence from leases l
         join attempts a on a.evaluation_id = l.evaluation_id and a.id = l.attempt_id
        where l.worker_id = $1 and l.attempt_id <> all ($2) and a.status = 'started'
        order by l.attempt_id`,
      [worker, named],
    );
    return rows.map(lostReport);
  }

  async beat(gapSeconds: number): Promise<void> {
    await this.database.execute(
      `insert into gateway_presence as p (up_since, seen_at) values (now(), now())
       on conflict (only_row) do update set seen_at = now(), up_since =
         case when p.seen_at < now() - make_interval(secs => $1) then now() else p.up_since end`,
      [gapSeconds],
    );
  }

  async expired(
    leaseSeconds: number,
    gapSeconds: number,
    limit: number,
  ): Promise<readonly AttemptReport[]> {
    const rows = await this.database.query<ExpiredRow>(
      `select attempt_id, worker_id, fence from leases
        where expires_at < now() and exists (
          select from gateway_presence where seen_at > now() - make_interval(secs => $2)
             and up_since < now() - make_interval(secs => $1))
        order by expires_at limit $3`,
      [leaseSeconds, gapSeconds, limit],
    );
    return rows.map(lostReport);
  }

  async wishCancel(build: BuildId, reason: string): Promise<WorkerId | null> {
    const [row] = await this.database.query<{ worker_id: number }>(
      `update leases set cancel_reason = coalesce(cancel_reason, $2)
        where build_id = $1 returning worker_id`,
      [build, reason],
    );
    return row ? id<WorkerId>(row.worker_id) : null;
  }
}

function lostReport(row: ExpiredRow): AttemptReport {
  return {
    worker: id<WorkerId>(row.worker_id),
    attempt: id<AttemptId>(row.attempt_id),
    fence: row.fence,
    logBytes: 0,
    outputs: [],
  };
}
