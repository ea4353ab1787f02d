/** All processes of one seed's farm, and the blows that fall on them. */
import { FakeTicketQueue } from '#testkit/fakes/ticket-queue.js';
import { SimulatedWire } from './simulated-bus.js';
import { SimulatedCoordinator } from './simulated-coordinator.js';
import { SimulatedEvaluator } from './simulated-evaluator.js';
import { SimulatedGateway } from './simulated-gateway.js';
import { SimulatedPeople } from './simulated-people.js';
import { SimulatedWorker } from './simulated-worker.js';
import type { World } from './world.js';

export class SimulatedFarm {
  readonly queue = new FakeTicketQueue();
  readonly workers: SimulatedWorker[] = [];
  private evaluators: SimulatedEvaluator[] = [];
  private readonly wire: SimulatedWire;
  private gateways: SimulatedGateway[] = [];
  private coordinators: SimulatedCoordinator[] = [];
  private readonly people: SimulatedPeople;
  private born = 0;
  /** Moves the lead on without a death; nobody leads until then. */
  private leadShift = 0;
  private leaderlessUntil = 0;
  isWishedAgain = false;

  private constructor(private readonly world: World) {
    this.wire = new SimulatedWire(world);
    this.people = new SimulatedPeople(world, this.wire);
  }

  static async open(world: World): Promise<SimulatedFarm> {
    const farm = new SimulatedFarm(world);
    for (let n = 0; n < world.scenario.gateways; n += 1) farm.startGateway();
    for (let n = 0; n < world.scenario.coordinators; n += 1) farm.startCoordinator();
    for (const wish of world.scenario.workers) {
      const id = await world.subject.worker(wish);
      farm.workers.push(new SimulatedWorker(id, wish, world, () => farm.gateways));
    }
    farm.evaluators = await SimulatedEvaluator.open(world, farm.wire);
    await world.look(null);
    for (const evaluator of farm.evaluators) {
      void evaluator.poll();
      // The first evaluation is often interrupted while it is still read.
      if (Number.isFinite(world.odds.blowSeconds) && world.chance.odds(0.4)) {
        const seconds = world.chance.between(0.05, 2);
        world.timeline.after(seconds, world.fate, () => evaluator.replace());
      }
    }
    farm.scheduleBlow();
    if (world.scenario.restlessLead) farm.unsettleLead();
    return farm;
  }

  /** Everything that is down comes up, and nothing falls any more. */
  async calm(): Promise<void> {
    const { world } = this;
    world.isCalm = true;
    world.outageUntil = 0;
    while (this.gateways.filter(({ alive }) => alive).length < world.scenario.gateways) {
      this.startGateway();
    }
    while (this.coordinators.filter(({ alive }) => alive).length < world.scenario.coordinators) {
      this.startCoordinator();
    }
    for (const worker of this.workers) worker.thaw();
    void this.people.lookAfterWorkers();
    await world.look(null);
    for (const evaluator of this.evaluators) await evaluator.replace();
  }

  /** Somebody needs everything: what was canceled or failed by the farm is wished for anew. */
  wishAgain(): void {
    void this.world.spare(async () => {
      await Promise.all(this.evaluators.map((evaluator) => evaluator.evaluate()));
      this.isWishedAgain = true;
    });
  }

  flush(): void {
    this.world.note(() => 'Redis is flushed');
    this.queue.flush();
  }

  private startGateway(): void {
    this.born += 1;
    const parts = { wire: this.wire, tickets: this.queue };
    const gateway = new SimulatedGateway(`api-${this.born}`, this.world, parts);
    this.gateways = [...this.gateways.filter(({ alive }) => alive), gateway];
  }

  private startCoordinator(): void {
    const { splitLead } = this.world.scenario;
    this.born += 1;
    const coordinator = new SimulatedCoordinator(`coordinator-${this.born}`, this.world, {
      wire: this.wire,
      tickets: this.queue,
      epoch: this.queue,
      leads: (one) => one === this.leader() || (splitLead && !this.isLeaderless),
    });
    this.coordinators = [...this.coordinators.filter(({ alive }) => alive), coordinator];
  }

  private leader(): SimulatedCoordinator | undefined {
    if (this.isLeaderless) return undefined;
    const there = this.coordinators.filter(({ alive }) => alive);
    return there[this.leadShift % there.length];
  }

  private scheduleBlow(): void {
    const { world } = this;
    const seconds = world.odds.blowSeconds * world.chance.between(0.2, 1.8);
    if (!Number.isFinite(seconds)) return;
    world.timeline.after(seconds, world.fate, async () => {
      if (world.isCalm) return;
      await this.blow();
      this.scheduleBlow();
    });
  }

  private async blow(): Promise<void> {
    const { chance } = this.world;
    const [name, fall] = chance.pick(Object.entries(this.blows()));
    this.world.note(() => `blow: ${name}`);
    await fall();
    await this.world.look(null);
  }

  private blows(): Record<string, () => void | Promise<void>> {
    const { world } = this;
    const { chance, timeline } = world;
    const worker = chance.pick(this.workers);
    const evaluator = chance.pick(this.evaluators);
    return {
      'a worker freezes': () => worker.freeze(chance.between(5, 120)),
      'a worker crashes': () => this.crash(worker, false),
      'a worker loses its disk': () => this.crash(worker, true),
      'a connection breaks': () => worker.hangUp(),
      'a worker is stopped': () => this.stop(worker),
      'a disk is full': () => worker.holdBack(chance.between(5, 60)),
      'an api dies': () => this.killGateway(chance.between(1, 40)),
      'all apis die': () => {
        const seconds = chance.between(5, 120);
        for (const _ of [...this.gateways]) this.killGateway(seconds);
      },
      'a coordinator dies': () => {
        const living = this.coordinators.filter(({ alive }) => alive);
        if (living.length > 0) this.killCoordinator(chance.pick(living));
      },
      'a coordinator dies in the middle of a wish': () =>
        world.trap(/^intents\.(reschedule|cancel|finish)$/, (name) => {
          const dying = this.coordinators.find((one) => one.alive && one.name === name);
          if (dying) this.killCoordinator(dying);
        }),
      'the lead moves in the middle of a wish': () =>
        world.trap(/^intents\.(reschedule|cancel)$/, () => this.moveLead()),
      'the lead moves': () => this.moveLead(),
      'an evaluator dies': () => evaluator.replace(),
      'Redis is flushed': () => this.flush(),
      'Postgres is away': () => {
        world.outageUntil = timeline.now + chance.between(1, 45);
      },
      'the clock of Postgres jumps': () => world.skewClock(chance.whole(-3000, 40_000)),
    };
  }

  private crash(worker: SimulatedWorker, losesDisk: boolean): void {
    const { chance, timeline, fate } = this.world;
    worker.crash(losesDisk);
    timeline.after(chance.between(1, 90), fate, () => worker.thaw());
  }

  private get isLeaderless(): boolean {
    return !this.world.isCalm && this.world.timeline.now < this.leaderlessUntil;
  }

  /** The lead moves, or its holder dies, at half of the steps of a wish that takes several. */
  private unsettleLead(): void {
    const { world } = this;
    world.trap(/^intents\.(reschedule|cancel)$/, (name) => {
      const leader = this.coordinators.find((one) => one.alive && one.name === name);
      if (leader && world.chance.odds(0.2)) this.killCoordinator(leader);
      else if (world.chance.odds(0.4)) this.moveLead();
      this.unsettleLead();
    });
  }

  private moveLead(): void {
    this.leadShift += 1;
    this.leaderlessUntil = this.world.timeline.now + this.world.chance.between(0, 8);
  }

  /** Once by a signal that lets it end its builds, and after a while by another that does not. */
  private stop(worker: SimulatedWorker): void {
    const { chance, timeline, fate } = this.world;
    worker.holdBack(Infinity);
    timeline.after(chance.between(1, 40), fate, () => {
      if (this.world.isCalm) return;
      worker.handBack();
      timeline.after(chance.between(1, 10), fate, () => {
        if (!this.world.isCalm) this.crash(worker, false);
      });
    });
  }

  private killCoordinator(dying: SimulatedCoordinator): void {
    const { world } = this;
    dying.die();
    world.timeline.after(world.chance.between(1, 30), world.fate, () => {
      if (!world.isCalm) this.startCoordinator();
    });
  }

  private killGateway(downSeconds: number): void {
    const { world } = this;
    const dying = this.gateways.find(({ alive }) => alive);
    if (!dying) return;
    dying.die();
    world.timeline.after(downSeconds, world.fate, () => {
      if (!world.isCalm) this.startGateway();
    });
  }
}
