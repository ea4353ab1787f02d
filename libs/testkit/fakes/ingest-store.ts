/**
 * Ingest into the fake database: new derivations with their edges and builds, jobs, and the demand
 * on known builds renewed. Of limits it keeps only the larger ones; packs are not kept.
 */
import { invariant } from '#std/invariant.js';
import { isFailed } from '#domain/build/status.js';
import { buildsToReschedule, type DemandedBuild } from '#domain/evaluation/renewed-demand.js';
import { id, type BuildId, type Fence } from '#domain/ids.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type {
  IngestBatch,
  IngestDerivation,
  IngestOutcome,
  IngestStore,
} from '#application/ports/ingest-store.js';
import type { BuildRow } from '../farm-subject.js';
import { keepRunning, scheduleAgain } from './build-lives.js';
import type { FakeFarmDatabase } from './farm-database.js';

const renewable: readonly string[] = ['canceled', 'failed-other', 'failed-dependency'];
const byPath = 'derivations_store_id_path_key';

export class FakeIngestStore implements IngestStore {
  /** What earlier batches of a reading have seen to, until a cancel. */
  private readonly settled = new Map<Fence, { epoch: number; builds: Set<BuildId> }>();

  constructor(private readonly database: FakeFarmDatabase) {}

  async known(_storeSlug: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
    const { derivations } = this.database;
    return new Set(paths.filter((path) => derivations.find(path, byPath)));
  }

  async ingest(lease: EvaluationLease, batch: IngestBatch): Promise<IngestOutcome | null> {
    const known = this.settled.get(lease.fence);
    const epoch = this.database.cancelEpoch;
    const settled = known?.epoch === epoch ? known.builds : new Set<BuildId>();
    const seen: BuildId[] = [];
    const outcome = await this.database.transaction(() => {
      const evaluation = this.database.evaluations.find(lease.evaluation);
      if (evaluation?.fence !== lease.fence || evaluation.status !== 'started') return null;
      // Its counts move, of which the planner hears.
      this.database.evaluations.patch(evaluation, {});
      return this.write(lease, batch, { settled, seen });
    });
    const builds = new Set([...settled, ...seen]);
    if (outcome) this.settled.set(lease.fence, { epoch, builds });
    return outcome;
  }

  private write(
    lease: EvaluationLease,
    batch: IngestBatch,
    memory: { readonly settled: ReadonlySet<BuildId>; readonly seen: BuildId[] },
  ): IngestOutcome {
    const listed = new Map(batch.derivations.map((d) => [d.path, d]));
    const isKnown = (path: string): boolean => this.idOf(path) !== null;
    const repeated = [...listed.keys()].filter(isKnown).map((path) => this.registered(path));
    const fresh = [...listed.values()].filter((d) => !isKnown(d.path));
    const needed = [...fresh.flatMap((d) => d.inputs), ...batch.jobs.flatMap(derivationOf)];
    const outside = [...new Set(needed.filter((path) => !listed.has(path)))];
    const roots = outside.map((path) => this.registered(path));
    for (const derivation of fresh) this.add(lease, batch, derivation);
    const unsatisfied = repeated.filter((build) => this.isUnsatisfied(build, batch));
    const walked = this.walk(lease, [...roots, ...unsatisfied], memory.settled);
    const again = buildsToReschedule(walked);
    scheduleAgain(
      this.database,
      again.map((build) => this.row(build as BuildId)),
    );
    const ids = walked.map((build) => build.id as BuildId);
    keepRunning(
      this.database,
      [...ids, ...repeated].map((build) => this.row(build)),
    );
    for (const build of ids) this.raise(build, batch);
    for (const { derivation } of batch.jobs) this.addJob(lease, derivation);
    const failedInputs = this.tellFailures([...roots, ...repeated, ...ids]);
    memory.seen.push(...ids, ...repeated, ...fresh.map((d) => this.registered(d.path)));
    return { newBuilds: fresh.length, rescheduled: again.length, failedInputs };
  }

  private addJob({ evaluation }: EvaluationLease, derivation: string | null): void {
    const build = derivation === null ? null : this.registered(derivation);
    this.database.jobs.insert({ id: this.database.next('jobs'), evaluation, build });
  }

  private add(lease: EvaluationLease, batch: IngestBatch, derivation: IngestDerivation): void {
    const { path, packageName, system, requiredFeatures } = derivation;
    const build = id<BuildId>(this.database.next('derivations'));
    this.database.derivations.insert({ id: build, path, packageName, system, requiredFeatures });
    for (const { name, path: output } of derivation.outputs) {
      this.database.outputs.insert({ build, name, path: output });
    }
    for (const input of derivation.inputs) this.database.addEdge(build, this.registered(input));
    const isThere = derivation.outputs.every((output) => this.isOffered(output.path));
    this.database.builds.insert({
      ...{ id: build, evaluation: lease.evaluation, priority: batch.priority, ...batch.limits },
      ...{ status: isThere ? 'succeeded' : 'scheduled', reason: null, generation: 0, attempts: 0 },
      ...{ workerClass: null, releaseExpiresAt: null, notBefore: null, farmFaults: 0 },
      ...{ failedInput: null, failurePropagated: false, startedAt: null },
      ...{ triedTimeoutSeconds: null, triedMaxSilentSeconds: null },
      scheduledAt: this.database.now,
      endedAt: isThere ? this.database.now : null,
    });
  }

  private isUnsatisfied(build: BuildId, batch: IngestBatch): boolean {
    const row = this.database.builds.find(build)!;
    if (renewable.includes(row.status)) return true;
    const live = ['scheduled', 'submitted', 'started'].includes(row.status);
    return live && row.priority > batch.priority;
  }

  private walk(
    { evaluation }: EvaluationLease,
    roots: readonly BuildId[],
    settled: ReadonlySet<BuildId>,
  ): DemandedBuild[] {
    const takesPart = (row: BuildRow): boolean =>
      row.status !== 'succeeded' && row.evaluation !== evaluation;
    const rows = new Set(roots.filter((root) => !settled.has(root)).map((root) => this.row(root)));
    const reached = new Set([...rows].filter(takesPart));
    const walked: DemandedBuild[] = [];
    for (const row of reached) {
      const isSettled = settled.has(row.id);
      const inputs = isSettled ? [] : this.database.inputsOf(row.id).filter(takesPart);
      for (const input of inputs) reached.add(input);
      const status = isSettled && isFailed(row.status) ? 'failed' : row.status;
      const quarantined = row.reason === 'quarantined';
      walked.push({ id: row.id, status, inputs: inputs.map((input) => input.id), quarantined });
    }
    return walked;
  }

  private raise(build: BuildId, { priority }: IngestBatch): void {
    const row = this.row(build);
    const live = ['scheduled', 'submitted', 'started'].includes(row.status);
    if (live && row.priority > priority) this.database.builds.patch(row, { priority });
  }

  private tellFailures(builds: readonly BuildId[]): boolean {
    const untold = [...new Set(builds)]
      .map((build) => this.row(build))
      .filter((row) => {
        const isTold = isFailed(row.status) && row.failurePropagated;
        return isTold && this.database.dependentsOf(row.id).some((d) => d.status === 'scheduled');
      });
    for (const row of untold) this.database.builds.patch(row, { failurePropagated: false });
    return untold.length > 0;
  }

  private isOffered(path: string | null): boolean {
    return path !== null && this.database.paths.find(path.slice(0, 32))?.path === path;
  }

  private idOf(path: string): BuildId | null {
    return this.database.derivations.find(path, byPath)?.id ?? null;
  }

  private registered(path: string): BuildId {
    const build = this.idOf(path);
    invariant(build !== null, `${path} is ingested before what it needs`);
    return build;
  }

  private row(build: BuildId): BuildRow {
    return this.database.builds.find(build)!;
  }
}

function derivationOf(job: { readonly derivation: string | null }): string[] {
  return job.derivation === null ? [] : [job.derivation];
}
