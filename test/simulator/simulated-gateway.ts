/**
 * One api process: sessions with workers, one waiting fetch per class, and the use cases behind
 * them. It follows apps/api/gateway at the height of the use cases, without sockets.
 */
import { acceptReports, type WorkerReport } from '#application/accept-report.js';
import { claimBuild } from '#application/claim-build.js';
import { endForgotten } from '#application/end-forgotten.js';
import { presenceOf } from '#application/reap-leases.js';
import { renewLeases } from '#application/renew-leases.js';
import type { Bus } from '#application/ports/bus.js';
import type { ClaimedBuild } from '#application/ports/claim-store.js';
import type { AttemptClaim } from '#application/ports/lease-store.js';
import type { HeldTicket, TicketQueue } from '#application/ports/ticket-queue.js';
import type { AttemptId, Fence, WorkerId } from '#domain/ids.js';
import type { Standing, WorkerBeat } from '#application/ports/worker-store.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import type { FarmStores, WorkerWish } from '#testkit/farm-subject.js';
import { holds } from './broken.js';
import type { SimulatedWire } from './simulated-bus.js';
import type { Owner } from './timeline.js';
import { gated, type World } from './world.js';

export const leaseSeconds = 30;

export type WorkerWord =
  | {
      readonly type: 'hello';
      readonly wish: WorkerWish;
      readonly attempts: readonly AttemptClaim[];
    }
  | {
      readonly type: 'heartbeat';
      readonly attempts: readonly AttemptClaim[];
      readonly holdsBack: WorkerBeat['holdsBack'];
    }
  | { readonly type: 'claim'; readonly slots: readonly number[] }
  | { readonly type: 'started'; readonly claim: AttemptClaim }
  | {
      readonly type: 'report';
      readonly report: Omit<WorkerReport, 'worker'>;
      /** It cannot be read, however often it comes. */
      readonly garbled?: boolean;
    };

export type GatewayWord =
  | { readonly type: 'welcome'; readonly lost: readonly AttemptId[] }
  | { readonly type: 'build'; readonly build: ClaimedBuild }
  | { readonly type: 'acknowledged'; readonly attempt: AttemptId; readonly accepted: boolean }
  | { readonly type: 'refused'; readonly attempt: AttemptId }
  | { readonly type: 'cancel'; readonly claim: AttemptClaim; readonly reason: string };

/** One connection of a worker with a gateway. */
export interface Line {
  readonly worker: WorkerId;
  isOpen: boolean;
  say(word: GatewayWord): void;
}

interface Waiting {
  readonly line: Line;
  readonly slot: number;
}

interface Desk {
  waiting: Waiting[];
  spare: HeldTicket[];
  /** Ends the fetch under way; null when there is none. */
  serving: AbortController | null;
}

export class SimulatedGateway implements Owner {
  alive = true;
  readonly stores: FarmStores;
  private readonly bus: Bus;
  private readonly desks = new Map<string, Desk>();
  private readonly greeted = new WeakSet<Line>();
  private readonly classes = new Map<Line, string>();
  private readonly wanted = new Map<Line, Set<number>>();
  private readonly heldBack = new Map<Line, WorkerBeat['holdsBack']>();
  private readonly standings = new Map<Line, Standing>();
  /** Slots that were asked for while their worker took nothing. */
  private readonly resting = new Map<Line, Set<number>>();
  private pending: { readonly line: Line; readonly report: WorkerReport }[] = [];
  private isSettling = false;

  constructor(
    readonly name: string,
    private readonly world: World,
    private readonly parts: { readonly wire: SimulatedWire; readonly tickets: TicketQueue },
  ) {
    const { stores } = world.subject;
    this.bus = parts.wire.of(this);
    const ports = Object.entries(stores).map(([key, port]) => [
      key,
      gated({ world, owner: this }, key, port as object),
    ]);
    this.stores = Object.fromEntries(ports) as FarmStores;
    void this.world.spare(() => this.beat());
  }

  die(): void {
    this.alive = false;
    for (const desk of this.desks.values()) desk.serving?.abort();
    for (const line of this.classes.keys()) line.isOpen = false;
  }

  async hear(line: Line, word: WorkerWord): Promise<void> {
    if (!this.alive || !line.isOpen) return;
    if (word.type !== 'hello' && !this.classes.has(line)) return;
    await this.world.spare(() => this.answer(line, word));
  }

  /** The line is gone: its slots want nothing, and a fetch that serves nobody ends. */
  async left(line: Line): Promise<void> {
    const className = this.classes.get(line);
    if (className === undefined) return;
    this.tidy(this.deskOf(line));
    await this.world.spare(() => this.stores.workers.left(line.worker, this.name));
  }

  private answer(line: Line, word: WorkerWord): Promise<void> {
    switch (word.type) {
      case 'hello':
        return this.greet(line, word.wish, word.attempts);
      case 'heartbeat':
        return this.renew(line, word.attempts, word.holdsBack);
      case 'claim':
        return this.claim(line, word.slots);
      case 'started':
        return this.started(line, word.claim);
      case 'report':
        if (word.garbled) return this.refuse(line, word.report.attempt);
        return this.report(line, { ...word.report, worker: line.worker });
    }
  }

  private async greet(
    line: Line,
    wish: WorkerWish,
    attempts: readonly AttemptClaim[],
  ): Promise<void> {
    if (this.greeted.has(line)) return;
    this.greeted.add(line);
    const className = workerClassName(wish);
    const standing = await this.stores.workers.hello(line.worker, {
      ...{ ...wish, className, gateway: this.name, cores: 1, protocol: 1, version: 'simulated' },
    });
    this.standings.set(line, standing);
    const { lost } = await this.renewed(line, attempts);
    const { leases, reports } = this.stores;
    const named = attempts.map(({ attempt }) => attempt);
    await endForgotten({ leases, reports, bus: this.bus }, line.worker, named);
    this.classes.set(line, className);
    this.wanted.set(line, new Set());
    line.say({ type: 'welcome', lost });
    await this.bus.publish('planner', '');
  }

  private async refuse(line: Line, attempt: AttemptId): Promise<void> {
    line.say({ type: 'refused', attempt });
  }

  private async renew(
    line: Line,
    attempts: readonly AttemptClaim[],
    holdsBack: WorkerBeat['holdsBack'],
  ): Promise<void> {
    const { lost, canceled } = await this.renewed(line, attempts);
    for (const claim of attempts.filter((one) => lost.includes(one.attempt))) {
      line.say({ type: 'cancel', claim, reason: 'lease-lost' });
    }
    for (const claim of canceled) line.say({ type: 'cancel', claim, reason: claim.reason });
    const unknown = { freeSlots: 0, load: 0, memoryFree: 0, diskFree: 0, minDisk: null };
    const standing = await this.stores.workers.beat(line.worker, {
      ...{ gateway: this.name, holdsBack, ...unknown },
    });
    const isTurned = holdsBack !== (this.heldBack.get(line) ?? null);
    this.standings.set(line, standing);
    this.heldBack.set(line, holdsBack);
    if (isTurned) await this.bus.publish('planner', '');
    if (!this.takes(line)) return this.tidy(this.deskOf(line));
    const slots = [...(this.resting.get(line) ?? [])];
    this.resting.delete(line);
    if (slots.length > 0) await this.claim(line, slots);
  }

  private takes(line: Line): boolean {
    const standing = this.standings.get(line);
    if (!line.isOpen || !standing || (this.heldBack.get(line) ?? null) !== null) return false;
    return !standing.paused && !standing.draining;
  }

  /** Slots that want nothing any more leave; a fetch that serves nobody ends. */
  private tidy(desk: Desk): void {
    for (const waiting of desk.waiting) if (!this.takes(waiting.line)) this.leave(waiting);
    desk.waiting = desk.waiting.filter(({ line }) => this.takes(line));
    if (desk.waiting.length === 0) desk.serving?.abort();
  }

  /** It is asked for again when the worker takes builds. */
  private leave({ line, slot }: Waiting): void {
    this.wanted.get(line)?.delete(slot);
    this.resting.set(line, (this.resting.get(line) ?? new Set()).add(slot));
  }

  private renewed(line: Line, attempts: readonly AttemptClaim[]) {
    return renewLeases(this.stores.leases, line.worker, { attempts, leaseSeconds });
  }

  private async claim(line: Line, slots: readonly number[]): Promise<void> {
    const wanted = this.wanted.get(line)!;
    const free = slots.filter((slot) => !wanted.has(slot));
    if (free.length === 0) return;
    for (const slot of free) wanted.add(slot);
    try {
      const held = await this.stores.claims.held(line.worker, free, leaseSeconds);
      for (const build of held) this.give(line, build);
    } catch (error) {
      for (const slot of free) wanted.delete(slot);
      throw error;
    }
    const desk = this.deskOf(line);
    for (const slot of free) {
      if (!wanted.has(slot)) continue;
      if (this.takes(line)) desk.waiting.push({ line, slot });
      else this.leave({ line, slot });
    }
    void this.world.spare(() => this.serve(this.classes.get(line)!, desk));
  }

  private give(line: Line, build: ClaimedBuild): void {
    this.wanted.get(line)!.delete(build.slot);
    line.say({ type: 'build', build });
  }

  private deskOf(line: Line): Desk {
    const name = this.classes.get(line)!;
    const desk = this.desks.get(name) ?? { waiting: [], spare: [], serving: null };
    this.desks.set(name, desk);
    return desk;
  }

  private async serve(className: string, desk: Desk): Promise<void> {
    if (desk.serving) return;
    const serving = new AbortController();
    desk.serving = serving;
    while (desk.waiting.length > 0) {
      const ticket = desk.spare.pop() ?? (await this.parts.tickets.next(className, serving.signal));
      if (!ticket || !this.alive) break;
      // A queue may give a ticket twice, when the hold of the first was thought lost.
      if (this.world.chance.odds(this.world.odds.doubled)) desk.spare.push({ ...ticket });
      await this.world.timeline.sleep(this.world.latency(), this);
      const slot = this.nextSlot(desk);
      if (!slot) {
        desk.spare.push(ticket);
        break;
      }
      void this.world.spare(() => this.meet(ticket, slot, desk));
    }
    desk.serving = null;
    if (!this.alive) return;
    if (desk.waiting.length > 0) void this.world.spare(() => this.serve(className, desk));
    else await this.giveBack(desk);
  }

  /** A ticket that met no slot here may meet one at another gateway. */
  private async giveBack(desk: Desk): Promise<void> {
    for (const ticket of desk.spare.splice(0)) await this.parts.tickets.giveBack(ticket);
  }

  private nextSlot(desk: Desk): Waiting | null {
    for (;;) {
      const waiting = desk.waiting.shift();
      if (!waiting || this.takes(waiting.line)) return waiting ?? null;
      this.leave(waiting);
    }
  }

  private async meet(ticket: HeldTicket, { line, slot }: Waiting, desk: Desk): Promise<void> {
    const { claims: store } = this.stores;
    const fence = fenceOf(this.world);
    const claimant = { worker: line.worker, slot, fence, leaseSeconds };
    const parts = { store, tickets: this.parts.tickets, bus: this.bus };
    try {
      const claimed = await claimBuild(parts, ticket, claimant);
      if (claimed.ok) return this.give(line, claimed.value);
      if (claimed.error.kind === 'stale') desk.waiting.unshift({ line, slot });
      // The build shall go to another worker: this slot lets the others go first.
      else if (claimed.error.kind === 'avoided') desk.waiting.push({ line, slot });
      else {
        this.leave({ line, slot });
        desk.spare.push(ticket);
        // The fetch under way gives way, so that the next slot gets this ticket.
        if (desk.serving) desk.serving.abort();
        else await this.giveBack(desk);
      }
    } catch (error) {
      this.wanted.get(line)!.delete(slot);
      throw error;
    } finally {
      void this.world.spare(() => this.serve(this.classes.get(line)!, desk));
    }
  }

  private async started(line: Line, { attempt, fence }: AttemptClaim): Promise<void> {
    await this.stores.claims.started(line.worker, attempt, fence);
  }

  /** Reports that wait together are settled together. */
  private async report(line: Line, report: WorkerReport): Promise<void> {
    this.pending.push({ line, report });
    if (this.isSettling) return;
    this.isSettling = true;
    try {
      while (this.pending.length > 0) await this.settle();
    } finally {
      this.isSettling = false;
      this.pending = [];
    }
  }

  private async settle(): Promise<void> {
    const batch = new Map(this.pending.map((one) => [one.report.attempt, one]));
    const rest = this.pending.filter((one) => batch.get(one.report.attempt) !== one);
    this.pending = rest;
    const ordered = [...batch.values()].sort((a, b) => a.report.attempt - b.report.attempt);
    const parts = { store: this.stores.reports, bus: this.bus };
    const reports = ordered.map((one) => one.report);
    const answers = await acceptReports(parts, reports);
    ordered.forEach(({ line, report }, at) => {
      const accepted = answers[at] ?? false;
      this.world.spareNow(() => acknowledgedAfterCommit(this.world, report, accepted));
      line.say({ type: 'acknowledged', attempt: report.attempt, accepted });
    });
  }

  private async beat(): Promise<void> {
    const { beatSeconds, gapSeconds } = presenceOf(leaseSeconds);
    while (this.alive) {
      await this.world.spare(() => this.stores.leases.beat(gapSeconds));
      await this.world.timeline.sleep(beatSeconds, this);
    }
  }
}

function fenceOf({ chance }: World): Fence {
  const half = (): string =>
    chance
      .whole(0, 2 ** 32 - 1)
      .toString(16)
      .padStart(8, '0');
  return `${half()}${half()}` as Fence;
}

function acknowledgedAfterCommit(world: World, report: WorkerReport, accepted: boolean): void {
  if (!accepted) return;
  const row = world.rows.attempts.find((attempt) => attempt.id === report.attempt);
  const isEnded = row !== undefined && row.endedAt !== null;
  holds(isEnded, 'acknowledged after commit', () => `attempt ${report.attempt} is not ended`);
}
