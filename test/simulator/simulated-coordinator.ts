/** One coordinator process: the reconcilers, on tick and on wake, while it thinks that it leads. */
import { carryOutIntents } from '#application/carry-out-intents.js';
import { judgeWorkers } from '#application/judge-workers.js';
import { propagateFailure } from '#application/propagate-failure.js';
import { reapLeases } from '#application/reap-leases.js';
import type { Topic } from '#application/ports/bus.js';
import type { QueueEpoch, TicketQueue } from '#application/ports/ticket-queue.js';
import type { FarmStores } from '#testkit/farm-subject.js';
import type { SimulatedWire } from './simulated-bus.js';
import { leaseSeconds } from './simulated-gateway.js';
import { SimulatedPlanner } from './simulated-planner.js';
import type { Owner } from './timeline.js';
import { gated, type World } from './world.js';

export interface CoordinatorParts {
  readonly wire: SimulatedWire;
  readonly tickets: TicketQueue;
  readonly epoch: QueueEpoch;
  readonly leads: (coordinator: SimulatedCoordinator) => boolean;
}

const tickSeconds = 5;
const auditSeconds = 20;
/** So that a restart of a small graph takes several batches. */
const atOnce = 1;

export class SimulatedCoordinator implements Owner {
  alive = true;
  private readonly stores: FarmStores;
  private readonly planner: SimulatedPlanner;

  constructor(
    readonly name: string,
    private readonly world: World,
    private readonly parts: CoordinatorParts,
  ) {
    const ports = Object.entries(world.subject.stores).map(([key, port]) => [
      key,
      gated({ world, owner: this }, key, port as object),
    ]);
    this.stores = Object.fromEntries(ports) as FarmStores;
    const bus = parts.wire.of(this);
    const { leases, reports, failures, intents, records } = this.stores;
    const tickets = gated({ world, owner: this }, 'tickets', parts.tickets);
    const epoch = gated({ world, owner: this }, 'epoch', parts.epoch);
    this.planner = new SimulatedPlanner(world, this, { stores: this.stores, tickets, epoch });
    this.loop(tickSeconds, 'planner', () => this.planner.pass());
    this.loop(tickSeconds, null, () => reapLeases({ leases, reports, bus, leaseSeconds }));
    this.loop(tickSeconds, 'failures', () => propagateFailure({ store: failures, bus }));
    this.loop(auditSeconds, null, () => failures.audit());
    // Now and then it is told to stop between two batches.
    const isStopped = (): boolean => !world.isCalm && world.chance.odds(0.05);
    const goOn = (): boolean => this.alive && parts.leads(this) && !isStopped();
    const carryOut = { store: intents, bus, atOnce };
    this.loop(tickSeconds, 'intents', () => carryOutIntents(carryOut, goOn));
    this.loop(tickSeconds, null, () => judgeWorkers({ store: records, bus }));
    this.loop(tickSeconds, null, () => this.planner.learn());
  }

  die(): void {
    this.alive = false;
  }

  private loop(seconds: number, topic: Topic | null, pass: () => Promise<unknown>): void {
    let wake = (): void => undefined;
    let isWoken = false;
    const run = async (): Promise<void> => {
      while (this.alive) {
        isWoken = false;
        if (this.parts.leads(this)) await this.world.spare(async () => void (await pass()));
        else this.planner.drop();
        if (isWoken) continue;
        await new Promise<void>((resolve) => {
          wake = resolve;
          this.world.timeline.after(seconds, this, resolve);
        });
      }
    };
    if (topic !== null) {
      void this.parts.wire.of(this).subscribe(topic, () => {
        isWoken = true;
        wake();
      });
    }
    void run();
  }
}
