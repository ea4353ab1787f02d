/**
 * The evaluator at the height of its store: batches in the order of the graph, repeated, broken off
 * and taken over by another, and the whole read again by later evaluations.
 */
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { IngestBatch } from '#application/ports/ingest-store.js';
import { FarmFault } from '#std/farm-fault.js';
import type { Recipe } from './scenario.js';
import type { SimulatedWire } from './simulated-bus.js';
import type { Owner } from './timeline.js';
import { gated, type World } from './world.js';

const pauseSeconds = 1;

export class SimulatedEvaluator {
  private process: Owner = { name: 'evaluator', alive: true };
  private lease: EvaluationLease | null = null;

  constructor(
    private readonly world: World,
    private readonly wire: SimulatedWire,
  ) {}

  /** Reads everything in a new evaluation; resolves when it is all there. */
  async evaluate(): Promise<void> {
    const lease = await this.world.subject.evaluation();
    await this.world.look(null);
    this.lease = lease;
    await this.read(lease);
  }

  /** The process dies; another takes its evaluation over and begins again. */
  async replace(): Promise<void> {
    // One that was only thought dead goes on writing, under a fence that is void.
    this.process.alive = !this.world.isCalm && this.world.chance.odds(0.5);
    this.process = { name: 'evaluator', alive: true };
    if (!this.lease) return;
    this.lease = await this.world.subject.takeOver(this.lease.evaluation);
    await this.world.look(null);
    void this.world.spare(() => this.read(this.lease!));
  }

  private async read(lease: EvaluationLease): Promise<void> {
    const { scenario, timeline, chance, odds } = this.world;
    const process = this.process;
    const ingest = gated(
      { world: this.world, owner: process },
      'ingest',
      this.world.subject.stores.ingest,
    );
    const bus = this.wire.of(process);
    const { recipes, batch: size } = scenario;
    for (let from = 0; from < recipes.length; from += size) {
      const batch = batchOf(recipes.slice(from, from + size), chance.whole(3, 9));
      const times = chance.odds(odds.doubled) ? 2 : 1;
      for (let time = 0; time < times; time += 1) {
        const outcome = await this.insist(() => ingest.ingest(lease, batch), process);
        if (outcome === null) return;
        await bus.publish('planner', '');
        if (outcome.failedInputs) await bus.publish('failures', '');
      }
      await timeline.sleep(chance.between(0, pauseSeconds), process);
    }
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

function batchOf(recipes: readonly Recipe[], priority: number): IngestBatch {
  return {
    storeSlug: 'local',
    pack: null,
    limits: { timeoutSeconds: 3600, maxSilentSeconds: 600 },
    priority,
    derivations: recipes,
    jobs: [],
  };
}
