/**
 * Reports in Postgres. The lease's row is locked first: whoever holds it ends the attempt, and a
 * repeated report waits for it and then finds the attempt closed. Everything an end means (attempt,
 * build, outputs, offered paths, lease) is written in the same transaction or not at all.
 */
import { invariant } from '#std/invariant.js';
import { id, type BuildId, type EvaluationId } from '#domain/ids.js';
import type { Settlement } from '#domain/build/next-build-status.js';
import type {
  AttemptReport,
  Decide,
  ReportStore,
  Settled,
} from '#application/ports/report-store.js';
import type { Client, Database, Row } from './database.js';
import { offerOutputs, readOutputFacts, type OutputsOf } from './attempt-outputs.js';

interface LiveRow extends Row {
  build_id: number;
  evaluation_id: number;
  cancel_reason: string | null;
  farm_faults: number;
  workers_lost: number;
  allowed_more: boolean;
  status: string;
  store_id: number;
  derivation: string;
}

export class PostgresReportStore implements ReportStore {
  constructor(private readonly database: Database) {}

  settle(reports: readonly AttemptReport[], decide: Decide): Promise<readonly Settled[]> {
    return this.database.transaction(async (client) => {
      const settled: Settled[] = [];
      for (const report of reports) settled.push(await settleOne(client, report, decide));
      return settled;
    });
  }
}

async function settleOne(client: Client, report: AttemptReport, decide: Decide): Promise<Settled> {
  const live = await lockLive(client, report);
  if (!live) return settledBefore(client, report);
  const place: OutputsOf = {
    attempt: report.attempt,
    build: live.build_id,
    store: live.store_id,
    deriver: live.derivation,
  };
  const facts = {
    farmFaults: live.farm_faults,
    cancelReason: live.cancel_reason,
    workersLost: live.workers_lost,
    allowedMore: live.allowed_more,
  };
  const outputs =
    report.outputs.length === 0 ? null : await readOutputFacts(client, place, report.outputs);
  const settlement = decide(report.attempt, facts, outputs);
  if (settlement.build.status === 'succeeded') {
    await offerOutputs(client, place, report.outputs);
  }
  await closeAttempt(client, report, { live, settlement });
  await moveBuild(client, live, settlement);
  return {
    accepted: true,
    build: id<BuildId>(live.build_id),
    evaluation: id<EvaluationId>(live.evaluation_id),
    settlement,
  };
}

/** Asked for builds with farm faults alone: an ordinary end pays nothing. */
const workersLost = `case when b.farm_faults = 0 then 0 else (
  select count(*)::int from attempts a where a.build_id = b.id and a.reason = 'worker-lost'
     and a.created_at >= b.scheduled_at) end`;
const allowedMore = `coalesce(b.timeout_seconds > b.tried_timeout_seconds
  or b.max_silent_seconds > b.tried_max_silent_seconds, false)`;

async function lockLive(client: Client, report: AttemptReport): Promise<LiveRow | null> {
  const { rows } = await client.query<LiveRow>(
    `select l.build_id, l.evaluation_id, l.cancel_reason, b.farm_faults, b.status,
            d.store_id, d.path as derivation, ${workersLost} as workers_lost,
            ${allowedMore} as allowed_more
       from leases l join builds b on b.id = l.build_id join derivations d on d.id = b.id
      where l.attempt_id = $1 and l.worker_id = $2 and l.fence = $3
        and (not $4 or l.expires_at < now())
        for update of l, b`,
    [report.attempt, report.worker, report.fence, report.onlyIfExpired ?? false],
  );
  return rows[0] ?? null;
}

/**
 * No lease: the report came before and was committed, or it never owned the attempt. An attempt
 * that was reaped is not its worker's any more, whatever the worker says later.
 */
async function settledBefore(client: Client, report: AttemptReport): Promise<Settled> {
  const { rows } = await client.query<{ reason: string | null }>(
    `select reason from attempts
      where id = $1 and worker_id = $2 and fence = $3 and ended_at is not null`,
    [report.attempt, report.worker, report.fence],
  );
  const [before] = rows;
  if (!before || before.reason === 'worker-lost') return { accepted: false };
  return { accepted: true, build: null, evaluation: null, settlement: null };
}

async function closeAttempt(
  client: Client,
  report: AttemptReport,
  end: { readonly live: LiveRow; readonly settlement: Settlement },
): Promise<void> {
  const { live } = end;
  const { attempt } = end.settlement;
  const closed = await client.query(
    `update attempts set status = $3, reason = $4, message = $5, exit_code = $6,
            ended_at = now(), log_bytes = greatest(log_bytes, $7)
      where evaluation_id = $1 and id = $2 and ended_at is null`,
    [
      live.evaluation_id,
      report.attempt,
      attempt.status,
      attempt.reason,
      storable(attempt.message),
      attempt.exitCode,
      report.logBytes,
    ],
  );
  invariant(closed.rowCount === 1, `attempt ${report.attempt} has a lease and no open row`);
  await client.query('delete from leases where attempt_id = $1', [report.attempt]);
  await client.query('delete from uploads where principal = $1', [`attempt-${report.attempt}`]);
}

async function moveBuild(client: Client, live: LiveRow, { build }: Settlement): Promise<void> {
  const moved = await client.query(
    `update builds set status = $2, reason = $3, farm_faults = $4, failure_propagated = false,
            release_expires_at = null, not_before = now() + make_interval(secs => $5),
            ended_at = case when $2 = 'scheduled' then null else now() end,
            started_at = case when $2 = 'scheduled' then null else started_at end
      where id = $1 and status in ('submitted', 'started')`,
    [live.build_id, build.status, build.reason, build.farmFaults, build.backOffSeconds],
  );
  invariant(moved.rowCount === 1, `build ${live.build_id} has a lease and is ${live.status}`);
}

/** Postgres refuses NUL in text, and a message from a worker must never make its report fail. */
function storable(message: string | null): string | null {
  return message?.replaceAll('\0', '\u{fffd}') ?? null;
}
