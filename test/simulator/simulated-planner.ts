/**
 * The planner of one coordinator: its memory is built from the database, followed in each pass, and
 * gone with its process. An audit that finds it wrong is a promise broken, however well it repairs.
 */
import { auditPlanner } from '#application/audit-planner.js';
import { rebuildPlanner, renewDemands } from '#application/follow-builds.js';
import { releaseTickets } from '#application/release-tickets.js';
import type { PlannerMemory } from '#application/planner-memory.js';
import type { AuditStore, GraphPart, PlannerStore } from '#application/ports/planner-store.js';
import type { QueueEpoch, TicketQueue } from '#application/ports/ticket-queue.js';
import { defaultPolicy } from '#domain/scheduling/planner.js';
import type { FarmStores } from '#testkit/farm-subject.js';
import { holds } from './broken.js';
import type { Owner } from './timeline.js';
import { gated, type World } from './world.js';

const passesPerAudit = 3;

export class SimulatedPlanner {
  private memory: PlannerMemory | null = null;
  private readonly graph: PlannerStore & AuditStore;
  private passes = 0;
  private auditedUntil = 0;

  constructor(
    private readonly world: World,
    private readonly owner: Owner,
    private readonly parts: {
      readonly stores: FarmStores;
      readonly tickets: TicketQueue;
      readonly epoch: QueueEpoch;
    },
  ) {
    this.graph = gatedGraph(world, owner);
  }

  drop(): void {
    this.memory = null;
  }

  async pass(): Promise<void> {
    const { graph } = this;
    const { stores, tickets, epoch } = this.parts;
    this.memory ??= await rebuildPlanner(graph, defaultPolicy);
    const { memory } = this;
    const { releases: store, jobs } = stores;
    const pass = await releaseTickets({ store, tickets, epoch, graph, jobs }, memory);
    if (pass.behind) return this.drop();
    this.passes += 1;
    this.everyWaitHasItsReason(memory);
    if (memory.demandIsStale && this.world.chance.odds(0.3)) await renewDemands(graph, memory);
    if (this.passes % passesPerAudit === 0) await this.audit(memory);
  }

  async learn(): Promise<void> {
    const succeeded = this.memory?.takeSucceeded() ?? [];
    if (succeeded.length > 0) await this.parts.stores.durations.learn(succeeded);
  }

  /** The planner itself can say of each build that it knows and that is scheduled why it waits. */
  private everyWaitHasItsReason(memory: PlannerMemory): void {
    const { planner, now } = memory;
    const promise = 'the planner knows why a build waits';
    for (const build of this.world.planners.waiting(this.owner.name, this.world.rows)) {
      const isKnown = planner.waitOf(build, now) !== null;
      this.world.spareNow(() => holds(isKnown, promise, () => `build ${build}`));
    }
  }

  private async audit(memory: PlannerMemory): Promise<void> {
    const { graph, auditedUntil } = this;
    const { jobs } = this.parts.stores;
    const found = await auditPlanner({ graph, jobs, audit: graph }, memory, auditedUntil);
    this.auditedUntil = found.next;
    if (found.behind) return this.drop();
    const isRight = found.repaired.length === 0;
    this.world.spareNow(() =>
      holds(isRight, 'the planner counts as Postgres does', () => `builds ${found.repaired}`),
    );
  }
}

/** `load` is one call, whose parts come together. */
function gatedGraph(world: World, owner: Owner): PlannerStore & AuditStore {
  const { graph } = world.subject.stores;
  const load = async (): Promise<GraphPart[]> => {
    const parts: GraphPart[] = [];
    for await (const part of graph.load()) parts.push(part);
    return parts;
  };
  const others = gated({ world, owner }, 'graph', graph);
  return Object.assign(Object.create(others) as PlannerStore & AuditStore, {
    async *load() {
      yield* await world.call(owner, 'graph.load', { args: [], run: load });
    },
  });
}
