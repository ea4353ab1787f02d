/**
 * Reports in Postgres, settled in two round trips. The lease's row is locked first: whoever holds
 * it ends the attempt, and a repeated report waits for it and then finds the attempt closed. All
 * that an end means (attempt, build, outputs, offered paths, lease) is written in the same
 * transaction or not at all.
 */
import { id, type AttemptId, type BuildId, type EvaluationId } from '#domain/ids.js';
import type { AttemptFacts, Settlement } from '#domain/build/next-build-status.js';
import type {
  AttemptReport,
  Decide,
  ReportStore,
  Settled,
} from '#application/ports/report-store.js';
import { ask, type Client, type Database, type Parting, type Row } from './database.js';
import {
  differingValues,
  learntValues,
  offerValues,
  withdrawnValues,
  OutputsKnown,
  principalOf,
  sandboxedValues,
  type Differing,
  type KnownRow,
  type OutputsOf,
} from './attempt-outputs.js';
import {
  forgetWithdrawn,
  learnOutputs,
  noteDiffering,
  noteSandboxed,
  readReports,
  writeEnds,
} from './report-statements.js';
import { UntrustedStores } from './untrusted-stores.js';

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
  store_id: number;
  derivation: string;
}

export class PostgresReportStore implements ReportStore {
  private readonly untrusted = new UntrustedStores();

  constructor(private readonly database: Database) {}

  settle(reports: readonly AttemptReport[], decide: Decide): Promise<readonly Settled[]> {
    const { untrusted } = this;
    return this.database.inFlights((client) => settleAll(client, { reports, decide, untrusted }));
  }
}

interface End {
  readonly report: AttemptReport;
  readonly live: LiveRow;
  readonly settlement: Settlement;
  /** What it brings when the build has succeeded. */
  readonly offers: OutputsOf | null;
  readonly differing: readonly Differing[];
  /** What it offers, when it was made for an untrusted request, closed in. */
  readonly closedIn: OutputsOf | null;
}

interface ReadRow extends KnownRow {
  live: LiveRow[] | null;
}

interface Settling {
  readonly reports: readonly AttemptReport[];
  readonly decide: Decide;
  readonly untrusted: UntrustedStores;
}

/** Two flights: what is read comes with the `begin`, what is written goes with the `commit`. */
async function settleAll(
  client: Client,
  { reports, decide, untrusted }: Settling,
): Promise<Parting<readonly Settled[]>> {
  const row = await read(client, reports);
  const live = new Map((row.live ?? []).map((one) => [reports[one.at - 1]!, one]));
  const known = new OutputsKnown(row);
  const owned = firstOfEach(reports).filter((report) => live.has(report));
  const before = await settledBefore(
    client,
    reports.filter((report) => !live.has(report)),
  );
  const stores = [...live.values()].map((one) => one.store_id);
  const isUntrusted = await untrusted.among(client, stores);
  const ends = owned.map((report): End => {
    const row = live.get(report)!;
    const place = report.outputs.length > 0 ? placeOf(report, row) : null;
    const settlement = decide(report.attempt, factsOf(row), place && known.of(place));
    const offers = settlement.build.status === 'succeeded' ? place : null;
    const differing = place ? known.differing(place) : [];
    if (offers) known.offer(offers);
    const closedIn = report.sandboxed && offers && isUntrusted(offers.store) ? offers : null;
    return { report, live: row, settlement, offers, differing, closedIn };
  });
  const settled = new Map(ends.map((end) => [end.report, settledBy(end)]));
  return {
    said: write(client, ends, known),
    value: reports.map((report) => {
      if (live.has(report)) return settled.get(report) ?? settledAlready;
      return before(report);
    }),
  };
}

const settledAlready: Settled = {
  accepted: true,
  build: null,
  evaluation: null,
  settlement: null,
};

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

async function read(client: Client, reports: readonly AttemptReport[]): Promise<ReadRow> {
  const reporting = reports.filter(({ outputs }) => outputs.length > 0);
  const reported = reporting.flatMap(({ outputs }) => outputs);
  const named = new Set(reported.flatMap((output) => [output.path, ...output.references]));
  const [row] = await ask<ReadRow>(client, readReports, [
    reports.map((report) => report.attempt),
    reports.map((report) => report.worker),
    reports.map((report) => report.fence),
    reports.map((report) => report.onlyIfExpired ?? false),
    reporting.map(({ attempt }) => principalOf(attempt)),
    [...named].map((path) => path.slice(0, 32)),
    [...named],
  ]);
  return row!;
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
    return settledAlready;
  };
}

function write(client: Client, ends: readonly End[], known: OutputsKnown): Promise<unknown>[] {
  if (ends.length === 0) return [];
  const places = ends.flatMap(({ offers }) => offers ?? []);
  const learnt = learntValues(places, known);
  const withdrawn = withdrawnValues(places, known);
  const sandboxed = sandboxedValues(ends.flatMap((end) => end.closedIn ?? []));
  const differing = differingValues(ends.flatMap((end) => end.differing));
  return [
    ...(withdrawn ? [ask(client, forgetWithdrawn, withdrawn)] : []),
    ask(client, writeEnds, [...endValues(ends), ...offerValues(places)]),
    ...(learnt ? [ask(client, learnOutputs, learnt)] : []),
    ...(differing ? [ask(client, noteDiffering, differing)] : []),
    ...(sandboxed ? [ask(client, noteSandboxed, sandboxed)] : []),
  ];
}

/** The values $1 to $14 of `writeEnds`. */
function endValues(ends: readonly End[]): unknown[][] {
  return [
    ends.map(({ report }) => report.attempt),
    ends.map(({ report }) => principalOf(report.attempt)),
    [...new Set(ends.map(({ live }) => live.evaluation_id))],
    ends.map(({ live }) => live.evaluation_id),
    ends.map(({ settlement }) => settlement.attempt.status),
    ends.map(({ settlement }) => settlement.attempt.reason),
    ends.map(({ settlement }) => storable(settlement.attempt.message)),
    ends.map(({ settlement }) => settlement.attempt.exitCode),
    ends.map(({ report }) => report.logBytes),
    ends.map(({ live }) => live.build_id),
    ends.map(({ settlement }) => settlement.build.status),
    ends.map(({ settlement }) => settlement.build.reason),
    ends.map(({ settlement }) => settlement.build.farmFaults),
    ends.map(({ settlement }) => settlement.build.backOffSeconds),
  ];
}

/** Postgres refuses NUL in text, and a message from a worker must never make its report fail. */
function storable(message: string | null): string | null {
  return message?.replaceAll('\0', '\u{fffd}') ?? null;
}
