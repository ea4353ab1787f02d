/**
 * Reads one claimed evaluation to its end: checkouts, the backend's evaluator, jobs and their
 * builds, the evaluation's own log. Whoever calls keeps the lease renewed and cancels when it is
 * lost. All of it may happen again from the start in another process: derivations are known then,
 * jobs are not.
 */
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { resolveLimits, type BuildLimits } from '#domain/build/limits.js';
import { storeOf, type BackendName } from '#domain/specification/specification.js';
import type { EvaluatedJob, EvaluationBackend, EvaluationEvent } from './ports/backend.js';
import type { Bus } from './ports/bus.js';
import type { DerivationFiles } from './ports/derivation-files.js';
import type {
  ClaimedEvaluation,
  EvaluationEnd,
  EvaluationLeases,
} from './ports/evaluation-leases.js';
import type { EvaluationRooms } from './ports/evaluation-rooms.js';
import type { IngestJob, IngestStore } from './ports/ingest-store.js';
import type { LogStore } from './ports/log-store.js';
import type { SubstituteUploads } from './ports/substitutes.js';
import { checkOut, type CheckOutSource } from './check-out.js';
import { EvaluationFates, type FateParts } from './evaluation-fates.js';
import { EvaluationLog } from './evaluation-log.js';
import { BuiltOfferer } from './offer-built.js';
import { SourceOfferer } from './offer-sources.js';
import { DerivationRegistrar, LeaseLost } from './register-derivations.js';
import { tellEvaluation } from './tell-evaluation.js';

export interface EvaluationParts {
  readonly leases: Pick<EvaluationLeases, 'finish' | 'release' | 'renew'>;
  readonly ingest: IngestStore;
  readonly source: CheckOutSource;
  readonly rooms: EvaluationRooms;
  readonly uploads: SubstituteUploads;
  readonly logs: LogStore;
  readonly bus: Bus;
  readonly backends: ReadonlyMap<BackendName, EvaluationDesk>;
  readonly upstreams: FateParts;
  readonly limits: { readonly timeoutSeconds: number; readonly memoryBytes: number };
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
}

export interface EvaluationDesk {
  readonly backend: EvaluationBackend;
  /** For one reading; others may have the same. */
  readonly openFiles: () => DerivationFiles;
}

/**
 * `left`: unfinished, for another reading, since we are stopped, lost the lease, or the farm fails.
 */
export type EvaluationOutcome = EvaluationEnd | { readonly status: 'left'; readonly why: string };

const jobsPerBatch = 1000;
const batchMilliseconds = 1000;
const readsAtMost = 5;
/** After a fault of the farm another reading begins when this has passed. */
const retrySeconds = 10;
const farmFaults = /^(database|redis|substituter)-unavailable$|^disk-full$/;
const longestName = 1000;
const longestMessage = 20_000;

export async function runEvaluation(
  parts: EvaluationParts,
  claimed: ClaimedEvaluation,
  cancellation: Cancellation,
): Promise<EvaluationOutcome> {
  const log = await EvaluationLog.open(parts.logs, parts.bus, claimed.evaluation);
  try {
    if (claimed.reads > readsAtMost) {
      const message = `given up: ${readsAtMost} readings ended without a result`;
      return await finish(parts, { claimed, log }, failed('evaluator-failed', message));
    }
    await readOnce(parts, claimed, { log, cancellation });
    return await finish(
      parts,
      { claimed, log },
      { status: 'succeeded', reason: null, message: null },
    );
  } catch (thrown) {
    return await settle(parts, claimed, { log, cancellation, thrown });
  } finally {
    await log.close();
  }
}

interface Ending {
  readonly log: EvaluationLog;
  readonly cancellation: Cancellation;
  readonly thrown: unknown;
}

async function settle(
  parts: EvaluationParts,
  claimed: ClaimedEvaluation,
  { log, cancellation, thrown }: Ending,
): Promise<EvaluationOutcome> {
  if (thrown instanceof LeaseLost) return { status: 'left', why: thrown.message };
  if (cancellation.aborted) {
    await parts.leases.release(claimed);
    await parts.bus.publish('evaluations', String(claimed.evaluation));
    return { status: 'left', why: 'this evaluator stops' };
  }
  if (!(thrown instanceof FarmFault)) throw thrown;
  if (farmFaults.test(thrown.code)) {
    await parts.leases.renew(claimed, retrySeconds);
    return { status: 'left', why: thrown.message };
  }
  return finish(parts, { claimed, log }, failed(thrown.code, thrown.message));
}

function failed(reason: string, message: string): EvaluationEnd {
  return { status: 'failed', reason, message: message.slice(0, longestMessage) };
}

async function finish(
  parts: EvaluationParts,
  { claimed, log }: { readonly claimed: ClaimedEvaluation; readonly log: EvaluationLog },
  end: EvaluationEnd,
): Promise<EvaluationOutcome> {
  if (end.message !== null) await log.line(end.message);
  const finished = await parts.leases.finish(claimed, end);
  if (!finished) return { status: 'left', why: 'the evaluation is read by another' };
  const { superseded } = claimed.specification;
  const cancels = end.status !== 'succeeded' || superseded === 'cancel';
  if (cancels) await parts.bus.publish('intents', '');
  await tellEvaluation(parts.bus, claimed.evaluation, end.status);
  return end;
}

interface Reading {
  readonly log: EvaluationLog;
  readonly cancellation: Cancellation;
}

async function readOnce(
  parts: EvaluationParts,
  claimed: ClaimedEvaluation,
  reading: Reading,
): Promise<void> {
  const desk = parts.backends.get(claimed.specification.backend);
  if (!desk) {
    const message = `this evaluator has no backend ${claimed.specification.backend}`;
    throw new FarmFault('program-missing', message, 'never');
  }
  const room = await parts.rooms.open(claimed.evaluation);
  const { slug } = storeOf(claimed.specification);
  const sources = new SourceOfferer(desk.backend, parts.uploads, slug);
  const registrar = openRegistrar(parts, claimed, { desk, sources });
  try {
    const events = desk.backend.evaluate(
      {
        workDirectory: room.workDirectory,
        ...(await checkOut(parts.source, claimed, room)),
        selection: claimed.specification.selection,
        systems: claimed.specification.systems,
        limits: parts.limits,
      },
      reading.cancellation,
    );
    const built = new BuiltOfferer(sources);
    await takeEvents(parts, { claimed, reading, registrar, built }, events);
    const fault = await built.settled();
    if (fault !== null) await reading.log.line(fault);
  } finally {
    // What is under way may still read from the room.
    await registrar.settled().catch(() => undefined);
    await room.close();
  }
}

function openRegistrar(
  parts: EvaluationParts,
  claimed: ClaimedEvaluation,
  { desk, sources }: { readonly desk: EvaluationDesk; readonly sources: SourceOfferer },
): DerivationRegistrar {
  const { specification } = claimed;
  const { slug } = storeOf(specification);
  const limits = resolveLimits({}, specification.limits);
  const { ingest, uploads, bus } = parts;
  const files = desk.openFiles();
  const fates = new EvaluationFates(parts.upstreams, { slug, files });
  return new DerivationRegistrar(
    { files, ingest, sources, uploads, bus, fates },
    { lease: claimed, slug, limits, priority: specification.priority },
  );
}

interface Taking {
  readonly claimed: ClaimedEvaluation;
  readonly reading: Reading;
  readonly registrar: DerivationRegistrar;
  readonly built: BuiltOfferer;
}

/** Jobs told before the evaluator failed stand: they are registered even then. */
async function takeEvents(
  parts: EvaluationParts,
  { claimed, reading, registrar, built }: Taking,
  events: AsyncIterable<EvaluationEvent>,
): Promise<void> {
  const base = resolveLimits({}, claimed.specification.limits);
  let jobs: IngestJob[] = [];
  let since = parts.now();
  const flush = async (): Promise<void> => {
    const told = jobs;
    jobs = [];
    since = parts.now();
    if (told.length > 0) await registrar.register(told);
  };
  try {
    for await (const event of events) {
      if (event.kind === 'log') await reading.log.write(event.bytes);
      else if (event.kind === 'built') built.begin(event.paths);
      else jobs.push(ingestJobOf(event, claimed, base));
      if (event.kind === 'job-error') await reading.log.line(`${event.name}: ${event.message}`);
      const full = jobs.length >= jobsPerBatch || parts.now() - since >= batchMilliseconds;
      if (full) await flush();
    }
  } catch (fault) {
    const lost = fault instanceof LeaseLost || reading.cancellation.aborted;
    if (!lost && fault instanceof FarmFault && !farmFaults.test(fault.code)) {
      await flush();
      await registrar.settled();
    }
    throw fault;
  }
  await flush();
  await registrar.settled();
}

function ingestJobOf(
  event: Exclude<EvaluationEvent, { kind: 'log' | 'built' }>,
  claimed: ClaimedEvaluation,
  base: BuildLimits,
): IngestJob {
  const name = event.name.slice(0, longestName);
  if (event.kind === 'job-error') {
    const error = event.message.slice(0, longestMessage) || 'it cannot be evaluated';
    return { name, system: '', derivation: null, error, meta: {}, limits: null };
  }
  const { system, derivation, meta } = event;
  return { name, system, derivation, error: null, meta, limits: longer(event, claimed, base) };
}

/** Null when the job wishes for nothing more than the specification does. */
function longer(
  job: EvaluatedJob,
  claimed: ClaimedEvaluation,
  base: BuildLimits,
): BuildLimits | null {
  const limits = resolveLimits(job.limits, claimed.specification.limits);
  const same =
    limits.timeoutSeconds === base.timeoutSeconds &&
    limits.maxSilentSeconds === base.maxSilentSeconds;
  return same ? null : limits;
}
