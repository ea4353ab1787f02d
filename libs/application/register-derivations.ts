/**
 * Turns the jobs of an evaluation into builds: finds the part of their closures that the farm does
 * not know yet, checks that every derivation owns its paths, offers sources, puts packs, and
 * ingests in batches, inputs first, so that builds start while the evaluation still runs. What is
 * known already is neither read, uploaded nor written again.
 */
import { FarmFault } from '#std/farm-fault.js';
import type { BuildLimits } from '#domain/build/limits.js';
import { registrationOrder, type RegistrationNode } from '#domain/evaluation/registration.js';
import type { Bus } from './ports/bus.js';
import type { CheckedDerivation, DerivationFiles } from './ports/derivation-files.js';
import type { EvaluationLease } from './ports/evaluation-leases.js';
import type { IngestFates, IngestJob, IngestStore } from './ports/ingest-store.js';
import type { SubstituteUploads } from './ports/substitutes.js';
import { BatchesUnderWay } from './batches-under-way.js';
import type { EvaluationFates } from './evaluation-fates.js';
import { inParallel } from './in-parallel.js';
import type { SourceOfferer } from './offer-sources.js';
import { tellEvaluation } from './tell-evaluation.js';

export interface RegistrarParts {
  readonly files: DerivationFiles;
  readonly ingest: IngestStore;
  readonly sources: Pick<SourceOfferer, 'offer'>;
  readonly uploads: Pick<SubstituteUploads, 'putPack'>;
  readonly bus: Bus;
  /** What upstreams have is not built. */
  readonly fates: Pick<EvaluationFates, 'decide'>;
}

export interface Registration {
  readonly lease: EvaluationLease;
  readonly slug: string;
  readonly limits: BuildLimits;
  readonly priority: number;
}

/** A job whose derivation is a full path. */
export type ToldJob = IngestJob;

const batchBounds = { count: 2000, bytes: 8 * 1024 * 1024 };
const lookupAtOnce = 20_000;
const readsAtOnce = 32;

/** The lease went to another evaluator: stop, and write nothing more. */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
}

interface Batch {
  readonly derivations: readonly CheckedDerivation[];
  readonly jobs: readonly IngestJob[];
  readonly fates: IngestFates | null;
}

const nothingRegistered = { substitute: new Map<string, boolean>(), build: new Set<string>() };

export class DerivationRegistrar {
  /**
   * Full paths that are registered or on their way, as far as this evaluation has seen; false where
   * the files must still learn them.
   */
  private readonly known = new Map<string, boolean>();
  /** Full path → why it is refused. */
  private readonly refused = new Map<string, string>();
  private readonly underWay = new BatchesUnderWay<Batch, string | null>({
    store: (batch) => this.store(batch),
    write: (batch, pack) => this.write(batch, pack),
  });

  constructor(
    private readonly parts: RegistrarParts,
    private readonly registration: Registration,
  ) {}

  /**
   * Returns when the jobs are on their way. A refused derivation becomes the error of the jobs that
   * need it. Throws LeaseLost, and whatever befell jobs before.
   */
  async register(jobs: readonly ToldJob[]): Promise<void> {
    const roots = jobs.flatMap((job) => job.derivation ?? []);
    const nodes = await this.discover(roots);
    const { ordered, cyclic } = registrationOrder(nodes);
    for (const path of cyclic) this.refused.set(path, `derivation ${path} needs itself`);
    const inputs = new Map(nodes.map((node) => [node.path, node.inputs]));
    let fates = await this.parts.fates.decide(roots, new Set(inputs.keys()));
    const send = async (derivations: CheckedDerivation[], told: IngestJob[]): Promise<void> => {
      await this.send({ derivations, jobs: told, fates });
      // What becomes of those that are registered is told once, ahead of all that needs them.
      if (fates) fates = { ...fates, registered: nothingRegistered };
    };
    let batch: CheckedDerivation[] = [];
    let bytes = 0;
    for (const path of ordered) {
      const checked = await this.check(path, inputs.get(path) ?? []);
      if (!checked) continue;
      const size = checked.file.bytes.length;
      const full = batch.length >= batchBounds.count || bytes + size > batchBounds.bytes;
      if (full && batch.length > 0) {
        await send(batch, []);
        batch = [];
        bytes = 0;
      }
      batch.push(checked);
      bytes += size;
    }
    await send(
      batch,
      jobs.map((job) => this.ingestJob(job)),
    );
  }

  /** When all that was registered is written. Throws what befell it. */
  settled(): Promise<void> {
    return this.underWay.settled();
  }

  /** The unknown part of the closures; its nodes name those of their inputs that are in it. */
  private async discover(roots: readonly string[]): Promise<RegistrationNode[]> {
    const nodes = new Map<string, RegistrationNode>();
    const unlearned = new Set<string>();
    let frontier = [...new Set(roots)];
    while (frontier.length > 0) {
      const unknown = await this.withoutKnown(frontier);
      const read = await inParallel(unknown, readsAtOnce, (path) => this.read(path));
      const next = new Set<string>();
      for (const node of read) {
        if (!node) continue;
        // Most inputs are known: of millions of edges few are looked at any further.
        const inputs = node.inputs.filter((input) => this.isUnknown(input, unlearned));
        nodes.set(node.path, { path: node.path, inputs });
        for (const input of inputs) next.add(input);
      }
      frontier = [...next].filter((path) => !nodes.has(path) && !this.refused.has(path));
    }
    const within = [...nodes.values()].map(({ path, inputs }) => ({
      path,
      inputs: inputs.filter((input) => this.isUnknown(input, unlearned)),
    }));
    await this.parts.files.learn([...unlearned]);
    for (const path of unlearned) this.known.set(path, true);
    return within;
  }

  /** Notes what is registered and not learned. */
  private isUnknown(path: string, unlearned: Set<string>): boolean {
    const learned = this.known.get(path);
    if (learned === false) unlearned.add(path);
    return learned === undefined;
  }

  private async withoutKnown(paths: readonly string[]): Promise<string[]> {
    const unseen = paths.filter((path) => !this.known.has(path) && !this.refused.has(path));
    for (let at = 0; at < unseen.length; at += lookupAtOnce) {
      const slice = unseen.slice(at, at + lookupAtOnce);
      const found = await this.parts.ingest.known(this.registration.slug, slice.map(baseOf));
      for (const path of slice) if (found.has(baseOf(path))) this.known.set(path, false);
    }
    return unseen.filter((path) => !this.known.has(path));
  }

  private async read(path: string): Promise<RegistrationNode | null> {
    const inputs = await this.parts.files.inputsOf(path).catch((fault: unknown) => {
      // A channel may name what nobody wrote; that is the job's error, not ours.
      if (!(fault instanceof FarmFault) || fault.retry === 'now') throw fault;
      return { ok: false as const, error: fault.message };
    });
    if (inputs.ok) return { path, inputs: inputs.value };
    this.refused.set(path, inputs.error);
    return null;
  }

  private async check(path: string, inputs: readonly string[]): Promise<CheckedDerivation | null> {
    const refusedInput = inputs.find((input) => this.refused.has(input));
    if (refusedInput !== undefined) {
      const why = this.refused.get(refusedInput) ?? '';
      this.refused.set(path, `an input of ${baseOf(path)} is refused: ${why}`.slice(0, 2000));
      return null;
    }
    const checked = await this.parts.files.check(path);
    if (checked.ok) return checked.value;
    this.refused.set(path, checked.error);
    return null;
  }

  private ingestJob(job: ToldJob): IngestJob {
    const { derivation } = job;
    if (derivation === null) return job;
    const error = this.refused.get(derivation);
    return error === undefined
      ? { ...job, derivation: baseOf(derivation) }
      : { ...job, derivation: null, error };
  }

  private async send(batch: Batch): Promise<void> {
    const { derivations, jobs } = batch;
    if (derivations.length === 0 && jobs.length === 0) return;
    // Batches are written in their order: what comes later may need these.
    for (const { path } of derivations) this.known.set(path, true);
    await this.underWay.push(batch);
  }

  /** The pack that holds them; null for none. */
  private async store({ derivations }: Batch): Promise<string | null> {
    const { parts, registration } = this;
    await parts.sources.offer(derivations.flatMap((derivation) => derivation.sources));
    const files = derivations.map((derivation) => derivation.file);
    if (files.length === 0) return null;
    return (await parts.uploads.putPack(registration.slug, files)).pack;
  }

  private async write(batch: Batch, pack: string | null): Promise<void> {
    const { parts, registration } = this;
    const { lease, slug: storeSlug, limits, priority } = registration;
    const derivations = batch.derivations.map((derivation) => derivation.record);
    const { jobs, fates } = batch;
    const content = { storeSlug, pack, limits, priority, derivations, jobs, fates };
    const outcome = await parts.ingest.ingest(lease, content);
    if (outcome === null) throw new LeaseLost('the evaluation is read by another');
    if (outcome.newBuilds + outcome.rescheduled > 0) await parts.bus.publish('planner', '');
    if (outcome.failedInputs) await parts.bus.publish('failures', '');
    await tellEvaluation(parts.bus, lease.evaluation, 'progress');
  }
}

function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
