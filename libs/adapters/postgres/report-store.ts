/**
 * Reports in Postgres. The lease's row is locked first: whoever holds it ends the attempt, and a
 * repeated report waits for it and then finds the attempt closed. Everything an end means (attempt,
 * build, outputs, offered paths, lease) is written in the same transaction or not at all.
 */
import { invariant } from '#std/invariant.js';
import { id, type AttemptId, type BuildId, type EvaluationId } from '#domain/ids.js';
import type { AttemptFacts, Settlement } from '#domain/build/next-build-status.js';
import type {
  AttemptReport,
  Decide,
  ReportStore,
  Settled,
} from '#application/ports/report-store.js';
import type { Client, Database, Row } from './database.js';
import { offerOutputs, principalOf, readOutputsKnown, type OutputsOf } from './attempt-outputs.js';

interface BeforeRow extends Row {
  id: number;
  worker_id: number;
  fence: string;
  reason: string | null;
}

interface LiveRow extends Row {
  /** Where its report stands, counted from 1. */
  at: number;
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
    return this.database.transaction((client) => settleAll(client, reports, decide));
  }
}

interface End {
  readonly report: AttemptReport;
  readonly live: LiveRow;
  readonly settlement: Settlement;
}

async function settleAll(
  client: Client,
  reports: readonly AttemptReport[],
  decide: Decide,
): Promise<readonly Settled[]> {
  const live = await lockLive(client, reports);
  const owned = firstOfEach(reports).filter((report) => live.has(report));
  const reporting = owned.filter((report) => report.outputs.length > 0);
  const places = new Map(reporting.map((report) => [report, placeOf(report, live.get(report)!)]));
  const known = await readOutputsKnown(client, [...places.values()]);
  const ends = owned.map((report): End => {
    const row = live.get(report)!;
    const place = places.get(report);
    const settlement = decide(report.attempt, factsOf(row), place ? known.of(place) : null);
    if (place && settlement.build.status === 'succeeded') known.offer(place);
    return { report, live: row, settlement };
  });
  const succeeded = ends.filter(({ settlement }) => settlement.build.status === 'succeeded');
  await offerOutputs(
    client,
    succeeded.flatMap(({ report }) => places.get(report) ?? []),
  );
  await endAll(client, ends);
  const settled = new Map(ends.map((end) => [end.report, settledBy(end)]));
  const before = await settledBefore(
    client,
    reports.filter((report) => !settled.has(report)),
  );
  return reports.map((report) => settled.get(report) ?? before(report));
}

/** An attempt that is reported twice ends by its first report. */
function firstOfEach(reports: readonly AttemptReport[]): AttemptReport[] {
  const seen = new Set<AttemptId>();
  return reports.filter(({ attempt }) => !seen.has(attempt) && seen.add(attempt));
}

function placeOf(report: AttemptReport, live: LiveRow): OutputsOf {
  return {
    attempt: report.attempt,
    build: live.build_id,
    store: live.store_id,
    deriver: live.derivation,
    reported: report.outputs,
  };
}

function factsOf(live: LiveRow): AttemptFacts {
  return {
    farmFaults: live.farm_faults,
    cancelReason: live.cancel_reason,
    workersLost: live.workers_lost,
    allowedMore: live.allowed_more,
  };
}

function settledBy({ live, settlement }: End): Settled {
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

/** Of the reports that own their attempt; leases are locked in the order of attempts. */
async function lockLive(
  client: Client,
  reports: readonly AttemptReport[],
): Promise<ReadonlyMap<AttemptReport, LiveRow>> {
  const { rows } = await client.query<LiveRow>(
    `select r.at::int as at, l.build_id, l.evaluation_id, l.cancel_reason, b.farm_faults, b.status,
            d.store_id, d.path as derivation, ${workersLost} as workers_lost,
            ${allowedMore} as allowed_more
       from unnest($1::bigint[], $2::bigint[], $3::text[], $4::boolean[])
              with ordinality r (attempt, worker, fence, only_if_expired, at)
       join leases l on (l.attempt_id, l.worker_id, l.fence) = (r.attempt, r.worker, r.fence)
       join builds b on b.id = l.build_id join derivations d on d.id = b.id
      where l.attempt_id = any ($1) and (not r.only_if_expired or l.expires_at < now())
      order by l.attempt_id
        for update of l, b`,
    [
      reports.map((report) => report.attempt),
      reports.map((report) => report.worker),
      reports.map((report) => report.fence),
      reports.map((report) => report.onlyIfExpired ?? false),
    ],
  );
  return new Map(rows.map((row) => [reports[row.at - 1]!, row]));
}

/**
 * No lease: the report came before and was committed, or it never owned the attempt. An attempt
 * that was reaped is not its worker's any more, whatever the worker says later.
 */
async function settledBefore(
  client: Client,
  reports: readonly AttemptReport[],
): Promise<(report: AttemptReport) => Settled> {
  if (reports.length === 0) return () => ({ accepted: false });
  const { rows } = await client.query<BeforeRow>(
    `select id, worker_id, fence, reason from attempts
      where id = any ($1) and ended_at is not null`,
    [reports.map((report) => report.attempt)],
  );
  return ({ attempt, worker, fence }) => {
    const before = rows.find(
      (row) => row.id === attempt && row.worker_id === worker && row.fence === fence,
    );
    if (!before || before.reason === 'worker-lost') return { accepted: false };
    return { accepted: true, build: null, evaluation: null, settlement: null };
  };
}

const endTogether = `
  with told as (
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[],
                         $6::text[], $7::int[], $8::bigint[])
             t (attempt, evaluation, build, status, reason, message, exit_code, log_bytes)),
  freed as (delete from leases where attempt_id = any ($1)),
  used as (delete from uploads where principal = any ($9)),
  closed as (
    update attempts a
       set status = t.status, reason = t.reason, message = t.message, exit_code = t.exit_code,
           ended_at = now(), log_bytes = greatest(a.log_bytes, t.log_bytes)
      from told t
     where a.evaluation_id = any ($2) and a.id = any ($1)
       and a.evaluation_id = t.evaluation and a.id = t.attempt and a.ended_at is null
    returning a.id),
  moved as (
    update builds b
       set status = t.status, reason = t.reason, farm_faults = t.farm_faults,
           failure_propagated = false, release_expires_at = null,
           not_before = now() + make_interval(secs => t.back_off),
           ended_at = case when t.status = 'scheduled' then null else now() end,
           started_at = case when t.status = 'scheduled' then null else b.started_at end
      from unnest($3::bigint[], $10::text[], $11::text[], $12::smallint[], $13::float8[])
             t (build, status, reason, farm_faults, back_off)
     where b.id = any ($3) and b.id = t.build and b.status in ('submitted', 'started')
    returning b.id)
  select (select count(*) from closed)::int as closed, (select count(*) from moved)::int as moved`;

async function endAll(client: Client, ends: readonly End[]): Promise<void> {
  if (ends.length === 0) return;
  const { rows } = await client.query<{ closed: number; moved: number }>(endTogether, [
    ends.map(({ report }) => report.attempt),
    ends.map(({ live }) => live.evaluation_id),
    ends.map(({ live }) => live.build_id),
    ends.map(({ settlement }) => settlement.attempt.status),
    ends.map(({ settlement }) => settlement.attempt.reason),
    ends.map(({ settlement }) => storable(settlement.attempt.message)),
    ends.map(({ settlement }) => settlement.attempt.exitCode),
    ends.map(({ report }) => report.logBytes),
    ends.map(({ report }) => principalOf(report.attempt)),
    ends.map(({ settlement }) => settlement.build.status),
    ends.map(({ settlement }) => settlement.build.reason),
    ends.map(({ settlement }) => settlement.build.farmFaults),
    ends.map(({ settlement }) => settlement.build.backOffSeconds),
  ]);
  invariant(rows[0]?.closed === ends.length, 'every attempt with a lease has an open row');
  invariant(rows[0].moved === ends.length, 'every build with a lease is submitted or started');
}

/** Postgres refuses NUL in text, and a message from a worker must never make its report fail. */
function storable(message: string | null): string | null {
  return message?.replaceAll('\0', '\u{fffd}') ?? null;
}
