/**
 * Carries out a collection of garbage, from the reasons to the bytes: evaluations whose time is
 * over, derivations that nothing leads to then, offered paths that nothing keeps, and what hangs on
 * them. A process that ends in the middle leaves the rest to the next one: everything is looked at
 * anew. The files go later (collect-files.ts).
 */
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { CollectionPlan } from '#domain/retention/collection-plan.js';
import { evaluationsToPrune } from '#domain/retention/kept-evaluations.js';
import type {
  Collected,
  Collection,
  CollectionLog,
  CollectionPhase,
  EvaluationGarbage,
  GarbageSession,
  GarbageStore,
  LookedPaths,
  RemovedDerivations,
} from './ports/garbage-store.js';

export interface CollectParts {
  readonly log: CollectionLog;
  readonly evaluations: EvaluationGarbage;
  readonly garbage: GarbageStore;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Resolves after so many milliseconds: others shall have the database meanwhile. */
  readonly rest: (milliseconds: number) => Promise<void>;
}

const pathsAtOnce = 500;
const restAtMost = 250;
const toldEvery = 1000;

/** The farm's other work goes on: this process is not asked to go on any more. */
class Stopped extends Error {
  override readonly name = 'Stopped';
}

export interface CollectionEnd {
  readonly collection: Collection;
  readonly collected: Collected;
  readonly fault: string | null;
}

/**
 * Carries out the oldest collection that is not finished. Null when there is none, or when `goOn`
 * said no before the end. Throws what a database that does not answer throws.
 */
export async function collectGarbage(
  parts: CollectParts,
  goOn: () => boolean = () => true,
): Promise<CollectionEnd | null> {
  const collection = await parts.log.next();
  if (!collection) return null;
  const run = new Run(parts, collection, goOn);
  try {
    await run.all();
  } catch (thrown) {
    if (thrown instanceof Stopped) return null;
    if (thrown instanceof FarmFault && thrown.retry !== 'never') throw thrown;
    const fault = sentenceOf(thrown);
    await parts.log.finish(collection, run.so, fault);
    return { collection, collected: run.so, fault };
  }
  await parts.log.finish(collection, run.so, null);
  return { collection, collected: run.so, fault: null };
}

class Run {
  so: Collected = {
    ...{ evaluations: 0, derivations: 0, pathsLooked: 0, pathsFound: 0 },
    ...{ paths: 0, bytes: 0, packs: 0, logs: 0 },
  };
  private toldAt = -Infinity;

  constructor(
    private readonly parts: CollectParts,
    private readonly collection: Collection,
    private readonly goOn: () => boolean,
  ) {}

  async all(): Promise<void> {
    const pruned = await this.pruneEvaluations();
    const session = await this.parts.garbage.open(this.collection.dryRun);
    try {
      await this.removeDerivations(session, pruned);
      const plan = await this.look(session);
      if (this.collection.dryRun) return;
      await this.removePaths(session, plan);
      await this.step('packs');
      const { packs, bytes } = await session.removeLooseEnds();
      this.count({ packs, bytes });
      await this.parts.evaluations.dropEmpty();
    } finally {
      await session.close();
    }
  }

  /** Answers those that would go, in a dry run. */
  private async pruneEvaluations(): Promise<readonly number[]> {
    const { evaluations } = this.parts;
    await this.step('evaluations');
    const specifications = await evaluations.aging();
    const going = specifications.flatMap((one) => evaluationsToPrune(one.evaluations, one));
    if (this.collection.dryRun) {
      this.count({ evaluations: going.length, logs: going.length });
      return going;
    }
    for (const evaluation of going) {
      const isGone = await this.gently('evaluations', () => evaluations.prune(evaluation));
      if (isGone) this.count({ evaluations: 1, logs: 1 });
    }
    return [];
  }

  private async removeDerivations(
    session: GarbageSession,
    without: readonly number[],
  ): Promise<void> {
    await this.step('derivations');
    const condemned = await session.condemnDerivations(without);
    if (this.collection.dryRun) {
      this.count({ derivations: condemned });
      return;
    }
    let next: number | null = null;
    do {
      const from: number | null = next;
      const part: RemovedDerivations = await this.gently('derivations', () =>
        session.removeDerivations(from),
      );
      this.count({ derivations: part.derivations, logs: part.logs });
      next = part.next;
    } while (next !== null);
  }

  private async look(session: GarbageSession): Promise<CollectionPlan> {
    const plan = new CollectionPlan();
    let next: number | null = null;
    do {
      const from: number | null = next;
      const part: LookedPaths = await this.gently('looking', () => session.lookAtPaths(from));
      this.count({ pathsLooked: part.looked, pathsFound: plan.add(part.candidates) });
      next = part.next;
    } while (next !== null && !plan.isFull);
    if (this.collection.dryRun) this.foretell(plan);
    return plan;
  }

  private foretell(plan: CollectionPlan): void {
    const { wantedBytes } = this.collection;
    const going = [...plan.batches(pathsAtOnce, wantedBytes ?? Infinity)];
    const paths = going.reduce((sum, batch) => sum + batch.length, 0);
    this.count({ paths, bytes: plan.bytesOf(paths) });
  }

  private async removePaths(session: GarbageSession, plan: CollectionPlan): Promise<void> {
    const wanted = this.collection.wantedBytes ?? Infinity;
    for (const batch of plan.batches(pathsAtOnce)) {
      if (this.so.bytes >= wanted) return;
      this.count(await this.gently('paths', () => session.removePaths(batch)));
    }
  }

  private count(more: Partial<Collected>): void {
    const so: Record<keyof Collected, number> = { ...this.so };
    for (const [name, value] of Object.entries(more)) so[name as keyof Collected] += value;
    this.so = so;
  }

  /** One bounded piece of work, and a rest as long as it took. */
  private async gently<T>(phase: CollectionPhase, work: () => Promise<T>): Promise<T> {
    const begun = this.parts.now();
    const value = await work();
    await this.parts.rest(Math.min(this.parts.now() - begun, restAtMost));
    if (this.parts.now() - this.toldAt >= toldEvery) await this.step(phase);
    if (!this.goOn()) throw new Stopped();
    return value;
  }

  private async step(phase: CollectionPhase): Promise<void> {
    this.toldAt = this.parts.now();
    await this.parts.log.progress(this.collection, phase, this.so);
  }
}
