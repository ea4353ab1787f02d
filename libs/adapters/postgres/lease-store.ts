/**
 * Leases by the database's clock: renewed by heartbeats, many in one statement; reaped only when no
 * outage of ours explains them.
 */
import { id, type AttemptId, type BuildId, type Fence, type WorkerId } from '#domain/ids.js';
import type { AttemptClaim, LeaseStore, Renewal } from '#application/ports/lease-store.js';
import type { AttemptReport } from '#application/ports/report-store.js';
import type { Database, Row } from './database.js';
import { Gathered } from './gathered.js';

interface Asked {
  readonly worker: WorkerId;
  readonly claims: readonly AttemptClaim[];
  readonly seconds: number;
}

interface RenewedRow extends Row {
  attempt_id: number;
  worker_id: number;
  fence: Fence;
  cancel_reason: string | null;
}

interface ExpiredRow extends Row {
  attempt_id: number;
  worker_id: number;
  fence: Fence;
}

/** In one statement. */
const workersAtOnce = 500;

/** Locked in the order of attempts, as by all who lock several. */
const renewLeases = (locked: 'wait' | 'skip locked'): string => `
  with mine as (
    select l.attempt_id, c.seconds from leases l
      join unnest($1::bigint[], $2::bigint[], $3::text[], $4::float8[])
           c (worker, attempt, fence, seconds)
        on c.attempt = l.attempt_id and c.fence = l.fence
     where l.worker_id = c.worker order by l.attempt_id
     for update of l ${locked === 'wait' ? '' : locked})
  update leases l set expires_at = now() + make_interval(secs => m.seconds)
    from mine m where l.attempt_id = m.attempt_id
  returning l.attempt_id, l.worker_id, l.fence, l.cancel_reason`;

export class PostgresLeaseStore implements LeaseStore {
  private readonly renewing: Gathered<Asked, Renewal>;
  private readonly renewingRest: Gathered<Asked, Renewal>;
  private readonly begun: Gathered<WorkerId, readonly AttemptReport[]>;

  constructor(private readonly database: Database) {
    const renew = (text: string) => (asked: readonly Asked[]) =>
      renewTogether(database, asked, text);
    this.renewing = new Gathered(renew(renewLeases('skip locked')), workersAtOnce);
    this.renewingRest = new Gathered(renew(renewLeases('wait')), workersAtOnce);
    this.begun = new Gathered((workers) => begunAt(database, workers), workersAtOnce);
  }

  async renew(
    worker: WorkerId,
    claims: readonly AttemptClaim[],
    seconds: number,
  ): Promise<Renewal> {
    if (claims.length === 0) return { renewed: new Set(), canceled: [] };
    const renewal = await this.renewing.ask({ worker, claims, seconds });
    if (renewal.renewed.size === claims.length) return renewal;
    // Lost, or in somebody's hands now, which must not hold up the heartbeats of all the others.
    return this.renewingRest.ask({ worker, claims, seconds });
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
    const begun = await this.begun.ask(worker);
    return begun.filter(({ attempt }) => !named.includes(attempt));
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

async function renewTogether(
  database: Database,
  asked: readonly Asked[],
  text: string,
): Promise<readonly Renewal[]> {
  const named = asked.flatMap(({ worker, claims, seconds }) =>
    claims.map((claim) => ({ ...claim, worker, seconds })),
  );
  const rows = await database.query<RenewedRow>(text, [
    named.map((one) => one.worker),
    named.map((one) => one.attempt),
    named.map((one) => one.fence),
    named.map((one) => one.seconds),
  ]);
  const found = new Map(rows.map((row) => [row.attempt_id, row]));
  return asked.map(({ worker, claims }) => {
    const mine = claims.flatMap((claim) => {
      const row = found.get(claim.attempt);
      return row?.worker_id === worker && row.fence === claim.fence ? [row] : [];
    });
    return renewalOf(mine);
  });
}

function renewalOf(rows: readonly RenewedRow[]): Renewal {
  return {
    renewed: new Set(rows.map((row) => id<AttemptId>(row.attempt_id))),
    canceled: rows.flatMap(({ attempt_id, fence, cancel_reason: reason }) =>
      reason === null ? [] : [{ attempt: id<AttemptId>(attempt_id), fence, reason }],
    ),
  };
}

/** Those whose builder runs, as its worker said; the others are still to be given. */
async function begunAt(
  database: Database,
  workers: readonly WorkerId[],
): Promise<readonly (readonly AttemptReport[])[]> {
  const rows = await database.query<ExpiredRow>(
    `select l.attempt_id, l.worker_id, l.fence from leases l
       join attempts a on a.evaluation_id = l.evaluation_id and a.id = l.attempt_id
      where l.worker_id = any ($1) and a.status = 'started' order by l.attempt_id`,
    [workers],
  );
  const reports = rows.map(lostReport);
  return workers.map((worker) => reports.filter((report) => report.worker === worker));
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
