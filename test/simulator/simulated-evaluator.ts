/**
 * The evaluators of one specification at the height of their stores: batches in the order of the
 * graph, repeated, broken off and taken over by another; whole readings that fail; and all of it
 * read again by later evaluations, each of which finds a few jobs gone.
 */
import type { EvaluationEnd, EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { IngestBatch } from '#application/ports/ingest-store.js';
import type { EvaluationId, SpecificationId } from '#domain/ids.js';
import { FarmFault } from '#std/farm-fault.js';
import { closureOf, type Recipe, type SpecificationPlan } from './scenario.js';
import type { SimulatedWire } from './simulated-bus.js';
import type { Owner } from './timeline.js';
import { gated, type World } from './world.js';

const pauseSeconds = 1;
const succeeded: EvaluationEnd = { status: 'succeeded', reason: null, message: null };
const failed: EvaluationEnd = { status: 'failed', reason: 'evaluation-failed', message: 'no' };

interface Reading {
  readonly lease: EvaluationLease;
  readonly roots: readonly Recipe[];
}

export class SimulatedEvaluator {
  private process: Owner = { name: 'evaluator', alive: true };
  private readonly open = new Map<EvaluationId, Reading>();

  private constructor(
    private readonly world: World,
    private readonly wire: SimulatedWire,
    private readonly of: { readonly id: SpecificationId; readonly plan: SpecificationPlan },
  ) {}

  static async open(world: World, wire: SimulatedWire): Promise<SimulatedEvaluator[]> {
    const evaluators: SimulatedEvaluator[] = [];
    for (const plan of world.scenario.specifications) {
      const id = await world.subject.specification(plan);
      evaluators.push(new SimulatedEvaluator(world, wire, { id, plan }));
    }
    return evaluators;
  }

  /** One evaluation after another, for as long as the world is unkind. */
  async poll(): Promise<void> {
    const { world } = this;
    const period = world.chance.between(10, 120);
    while (!world.isCalm) {
      void world.spare(() => this.evaluate());
      await world.timeline.sleep(period * world.chance.between(0.5, 1.5), world.fate);
    }
  }

  /** Reads everything in a new evaluation; resolves when that has come to its end. */
  async evaluate(): Promise<void> {
    const { world, of } = this;
    const lease = await world.outside(() => world.subject.evaluation(of.id));
    const kept = of.plan.roots.filter(() => world.isCalm || world.chance.odds(0.85));
    const reading = { lease, roots: kept.length > 0 ? kept : of.plan.roots };
    this.open.set(lease.evaluation, reading);
    await this.read(reading);
  }

  /** The process dies; another takes its evaluations over and begins them again. */
  async replace(): Promise<void> {
    const { world } = this;
    // One that was only thought dead goes on writing, under a fence that is void.
    this.process.alive = !world.isCalm && world.chance.odds(0.5);
    this.process = { name: 'evaluator', alive: true };
    for (const [evaluation, { roots }] of [...this.open]) {
      const lease = await world.subject.takeOver(evaluation);
      await world.look(null);
      if (!lease) {
        this.open.delete(evaluation);
        continue;
      }
      const reading = { lease, roots };
      this.open.set(evaluation, reading);
      void world.spare(() => this.read(reading));
    }
  }

  private async read({ lease, roots }: Reading): Promise<void> {
    const { world, process } = this;
    const { scenario, timeline, chance } = world;
    const bus = this.wire.of(process);
    const recipes = closureOf(scenario.recipes, roots);
    const fails = !world.isCalm && chance.odds(0.08);
    const last = fails ? chance.whole(0, recipes.length) : recipes.length;
    for (let from = 0; from < last; from += scenario.batch) {
      const some = recipes.slice(from, from + scenario.batch);
      if (!(await this.ingest(lease, batchOf(some, roots, chance.whole(3, 9)), process))) return;
      await timeline.sleep(chance.between(0, pauseSeconds), process);
    }
    const readings = this.gated('readings', process);
    await this.insist(() => readings.finish(lease, fails ? failed : succeeded), process);
    this.open.delete(lease.evaluation);
    await bus.publish('planner', '');
    await bus.publish('intents', '');
  }

  /** False when the evaluation is another's. */
  private async ingest(
    lease: EvaluationLease,
    batch: IngestBatch,
    process: Owner,
  ): Promise<boolean> {
    const { chance, odds } = this.world;
    const bus = this.wire.of(process);
    const ingest = this.gated('ingest', process);
    const times = chance.odds(odds.doubled) ? 2 : 1;
    for (let time = 0; time < times; time += 1) {
      const outcome = await this.insist(() => ingest.ingest(lease, batch), process);
      if (outcome === null) return false;
      await bus.publish('planner', '');
      if (outcome.failedInputs) await bus.publish('failures', '');
    }
    return true;
  }

  private gated<K extends 'ingest' | 'readings'>(name: K, owner: Owner) {
    const { stores } = this.world.subject;
    return gated({ world: this.world, owner }, name, stores[name]);
  }

  /** A batch that failed is tried again: repeating it is harmless. */
  private async insist<T>(work: () => Promise<T>, process: Owner): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof FarmFault)) throw error;
        await this.world.timeline.sleep(pauseSeconds, process);
      }
    }
  }
}

function batchOf(
  recipes: readonly Recipe[],
  roots: readonly Recipe[],
  priority: number,
): IngestBatch {
  return {
    storeSlug: 'local',
    pack: null,
    limits: { timeoutSeconds: 3600, maxSilentSeconds: 600 },
    priority,
    derivations: recipes,
    jobs: recipes
      .filter((recipe) => roots.includes(recipe))
      .map(({ name, system, path }) => ({
        ...{ name, system, derivation: path, error: null, meta: {}, limits: null },
      })),
  };
}
