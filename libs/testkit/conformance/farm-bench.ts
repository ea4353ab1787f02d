/** A farm under a conformance suite: small graphs, workers of one class, and the usual steps. */
import { id, type AttemptId, type BuildId, type Fence, type WorkerId } from '#domain/ids.js';
import { nextBuildStatus, type AttemptOutcome } from '#domain/build/next-build-status.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import type { ClaimedBuild } from '#application/ports/claim-store.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { IngestOutcome } from '#application/ports/ingest-store.js';
import type { AttemptReport, Decide, Settled } from '#application/ports/report-store.js';
import type { BuildRow, FarmStores, FarmSubject } from '../farm-subject.js';

export type OpenFarm = () => Promise<FarmSubject>;

export const amd = { systems: ['x86_64-linux'], features: ['kvm'], speed: 1 };
export const amdClass = workerClassName(amd);
export const leaseSeconds = 30;
const beginning = Date.UTC(2026, 10, 20);

export const builderFailed: AttemptOutcome = {
  ...{ kind: 'failed', reason: 'builder-failed', message: 'exit status 1' },
};
export const noSpace: AttemptOutcome = { kind: 'failed', reason: 'no-space', message: 'full' };

/** What a worker may be wrong about. */
export interface Wrong {
  readonly fence?: Fence;
  readonly worker?: WorkerId;
  readonly onlyIfExpired?: boolean;
  readonly logBytes?: number;
}

export class FarmBench {
  private now = beginning;
  private fences = 0;
  private names = 0;

  private constructor(
    readonly subject: FarmSubject,
    readonly lease: EvaluationLease,
  ) {}

  static async open(open: OpenFarm): Promise<FarmBench> {
    const subject = await open();
    await subject.setClock(beginning);
    return new FarmBench(subject, await subject.evaluation());
  }

  get stores(): FarmStores {
    return this.subject.stores;
  }

  async pass(seconds: number): Promise<void> {
    this.now += seconds * 1000;
    await this.subject.setClock(this.now);
  }

  /** One build per list of inputs, which are numbers from 1 on; answers their ids in that order. */
  async graph(...inputs: readonly (readonly number[])[]): Promise<BuildId[]> {
    await this.ingest(inputs);
    const { derivations } = await this.subject.rows();
    const ids = new Map(derivations.map((row) => [row.path, row.id]));
    return inputs.map((_, at) => ids.get(derivationPath(at + 1))!);
  }

  ingest(
    inputs: readonly (readonly number[])[],
    lease = this.lease,
    jobs: readonly number[] = [],
  ): Promise<IngestOutcome | null> {
    return this.stores.ingest.ingest(lease, {
      ...{ storeSlug: 'local', pack: null, priority: 5 },
      jobs: jobs.map((number) => ({
        ...{ name: `job${number}`, system: 'x86_64-linux', derivation: derivationPath(number) },
        ...{ error: null, meta: {}, limits: null },
      })),
      limits: { timeoutSeconds: 3600, maxSilentSeconds: 600 },
      derivations: inputs.map((needed, at) => ({
        ...{ path: derivationPath(at + 1), name: `p${at + 1}`, packageName: `p${at + 1}` },
        ...{ system: 'x86_64-linux', requiredFeatures: [], fixedOutput: false },
        outputs: [{ name: 'out', path: outputPath(at + 1) }],
        inputs: needed.map(derivationPath),
      })),
    });
  }

  /** Connected, and of the class `amd`. */
  async worker(slots = 2): Promise<WorkerId> {
    this.names += 1;
    const worker = await this.subject.worker({ ...amd, name: `w${this.names}`, slots });
    await this.stores.workers.hello(worker, {
      ...{ ...amd, slots, gateway: 'api', className: amdClass },
      ...{ cores: 1, protocol: 1, version: 'test' },
    });
    return worker;
  }

  fence(): Fence {
    this.fences += 1;
    return this.fences.toString(16).padStart(16, 'f') as Fence;
  }

  /** The generation of the release. */
  async released(build: BuildId): Promise<number> {
    const assignment = { build, workerClass: amdClass, rank: 1 };
    const { tickets } = await this.stores.releases.release([assignment], 30);
    if (!tickets[0]) throw new Error(`build ${build} is not released`);
    return tickets[0].generation;
  }

  async claimed(build: BuildId, worker: WorkerId, slot = 0): Promise<ClaimedBuild> {
    const generation = await this.released(build);
    const claim = { worker, slot, build, generation, fence: this.fence(), leaseSeconds };
    const claimed = await this.stores.claims.claim(claim);
    if (!claimed.ok) throw new Error(`build ${build}: ${claimed.error.kind}`);
    return claimed.value;
  }

  report(claimed: ClaimedBuild, worker: WorkerId, wrong: Wrong = {}): AttemptReport {
    const { attempt, fence } = claimed;
    return { worker, attempt, fence, logBytes: 7, outputs: [], ...wrong };
  }

  async settle(report: AttemptReport, outcome: AttemptOutcome): Promise<Settled> {
    const decide: Decide = (_attempt, facts) => nextBuildStatus(outcome, facts);
    return (await this.stores.reports.settle([report], decide))[0]!;
  }

  /** Its only output has arrived and is reported. */
  async succeeded(build: BuildId, worker: WorkerId): Promise<void> {
    const claimed = await this.claimed(build, worker);
    const output = claimed.outputs[0]!.path!;
    await this.subject.upload(claimed, output, 'sha256:1');
    const outputs = [
      { name: 'out', path: output, narHash: 'sha256:1', narSize: 5, references: [] },
    ];
    await this.settle({ ...this.report(claimed, worker), outputs }, { kind: 'succeeded' });
  }

  async failed(build: BuildId, worker: WorkerId): Promise<void> {
    const claimed = await this.claimed(build, worker);
    await this.settle(this.report(claimed, worker), builderFailed);
  }

  async build(build: BuildId): Promise<Readonly<BuildRow>> {
    return (await this.subject.rows()).builds.find((row) => row.id === build)!;
  }

  async statuses(): Promise<string[]> {
    return (await this.subject.rows()).builds.map((row) => row.status);
  }
}

export const noAttempt = id<AttemptId>(999_999);

export function derivationPath(number: number): string {
  return `${String(number).padStart(32, '0')}-p${number}.drv`;
}

export function outputPath(number: number): string {
  return `${String(number).padStart(32, 'a')}-p${number}`;
}
