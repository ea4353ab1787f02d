/**
 * The reconcilers of the farm. One coordinator leads and the others stand by with the same loops at
 * rest, but for the one that keeps the planner's memory; on gaining the lead every loop runs at
 * once.
 */
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { sentenceOf } from '#std/farm-fault.js';
import { InvariantBroken } from '#std/invariant.js';
import { Leadership, type Standing } from '#adapters/postgres/leadership.js';
import { propagateFailure } from '#application/propagate-failure.js';
import { reapLeases } from '#application/reap-leases.js';
import type { Topic } from '#application/ports/bus.js';
import type { CoordinatorParts } from './coordinator-parts.js';
import { lifecycleLoops } from './lifecycle-loops.js';
import { NotificationDesk } from './notification-desk.js';
import { PlannerDesk } from './planner-desk.js';
import { Reconciler } from './reconciler.js';

/** The advisory lock of the lead, in the farm's own range of keys. */
const leadKey = 726_003;
const auditMilliseconds = 60_000;
/** An estimate may be as old as this. */
const learnMilliseconds = 2000;
/** A standby is behind by so much at most, and by no more than one small read idle. */
const followMilliseconds = 1000;

type LoopName = 'release' | 'learn' | 'reap' | 'propagate' | 'audit';

const sentences: Record<Standing, string> = {
  leads: 'leads',
  'stands-by': 'stands by',
  'cut-off': 'is cut off from Postgres, and holds no lead',
};

@Injectable()
export class Coordinator
  implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown
{
  private readonly logger = new Logger('coordinator');
  private readonly lead: Leadership;
  private readonly planner: PlannerDesk;
  private readonly notifications: NotificationDesk;
  private readonly lifecycle: readonly Reconciler[];
  private readonly loops: Record<LoopName, Reconciler>;
  private readonly follow: Reconciler;
  private stopping = false;

  constructor(private readonly parts: CoordinatorParts) {
    this.lead = new Leadership(parts.database, leadKey, (standing) => this.stand(standing));
    this.planner = new PlannerDesk(parts);
    this.notifications = new NotificationDesk(parts);
    const tick = parts.settings.tickSeconds * 1000;
    this.loops = {
      release: this.loop('release-tickets', tick, () => this.planner.pass()),
      learn: this.loop('learn-durations', learnMilliseconds, () => this.planner.learn()),
      reap: this.loop('reap-leases', tick, () => this.reap()),
      propagate: this.loop('propagate-failure', tick, () => this.propagate()),
      audit: this.loop('audit-failures', auditMilliseconds, () => this.audit()),
    };
    this.follow = new Reconciler({
      name: 'follow-builds',
      tickMilliseconds: followMilliseconds,
      pass: () => this.planner.follow(),
      mayRun: () => this.lead.standing === 'stands-by',
      fault: (of, error) => this.fault(of, error),
    });
    const loops = [...lifecycleLoops(parts), ...this.notifications.loops()];
    this.lifecycle = loops.map(({ name, tickMilliseconds, topic, pass }) => {
      const loop = this.loop(name, tickMilliseconds, async () => {
        for (const told of await pass(() => this.goesOn())) this.logger.warn(told);
      });
      if (topic) void this.wakeOn(topic, loop);
      return loop;
    });
  }

  get isLeading(): boolean {
    return this.lead.isLeading;
  }

  async onApplicationBootstrap(): Promise<void> {
    for (const loop of this.everyLoop()) loop.start();
    await this.lead.start();
    this.notifications.start();
    // A bus that is down must not keep the farm from starting: the ticks do.
    void this.wakeOn('planner', this.loops.release);
    void this.wakeOn('failures', this.loops.propagate);
    void this.answerQuestions();
    void this.tellQueueFaults();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.everyLoop().map((loop) => loop.stop()));
    await this.notifications.stop();
    await this.lead.stop();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.parts.close();
  }

  /** Asked between the batches of long work. */
  private goesOn(): boolean {
    return this.lead.isLeading && !this.stopping;
  }

  private everyLoop(): Reconciler[] {
    return [...Object.values(this.loops), ...this.lifecycle, this.follow];
  }

  private async reap(): Promise<void> {
    const { leases, reports, bus, settings } = this.parts;
    const { leaseSeconds } = settings;
    const reaped = await reapLeases({ leases, reports, bus, leaseSeconds });
    if (reaped > 0) this.logger.warn(`${reaped} attempts ended: their workers stopped answering`);
  }

  private async propagate(): Promise<void> {
    const { failures: store, bus } = this.parts;
    await propagateFailure({ store, bus }, () => this.lead.isLeading);
  }

  private async audit(): Promise<void> {
    const untold = await this.parts.failures.audit();
    if (untold === 0) return;
    this.logger.error(`audit: ${untold} failures had not reached all that need them; repaired`);
    this.loops.propagate.wake();
  }

  private loop(name: string, tickMilliseconds: number, pass: () => Promise<void>): Reconciler {
    return new Reconciler({
      name,
      tickMilliseconds,
      pass,
      mayRun: () => this.lead.isLeading,
      fault: (of, error) => this.fault(of, error),
    });
  }

  private fault(name: string, error: unknown): void {
    if (error instanceof InvariantBroken) {
      this.logger.fatal(`${name}: ${error.message}`);
      process.exit(70);
    }
    this.logger.error(`${name}: ${sentenceOf(error)}`);
  }

  private stand(standing: Standing): void {
    this.logger.log(sentences[standing]);
    if (standing === 'leads') this.planner.lead();
    // A crash of Postgres empties the change feed: what was known before it cannot be followed.
    else this.planner.drop();
    for (const loop of this.everyLoop()) loop.wake();
  }

  private async wakeOn(topic: Topic, loop: Reconciler): Promise<void> {
    await this.parts.bus.subscribe(topic, () => loop.wake()).catch(() => undefined);
  }

  private async answerQuestions(): Promise<void> {
    const answer = (message: string): void => void this.planner.answer(message);
    await this.parts.bus.subscribe('planner/ask', answer).catch(() => undefined);
  }

  private async tellQueueFaults(): Promise<void> {
    const faults = await this.parts.queue.faults().catch(() => []);
    for (const sentence of faults) this.logger.error(sentence);
    if (this.parts.queue.kind === 'postgres') {
      this.logger.warn('without Redis: tickets and timers lie in Postgres');
    }
  }
}
