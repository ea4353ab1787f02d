/**
 * Slots that want a build, per worker class, and the one fetch that serves them: first come, first
 * served. A slot stands here until a build is found or its session takes it back.
 */
import { Logger } from '@nestjs/common';
import { randomFence } from '#adapters/system/secret.js';
import { claimBuild } from '#application/claim-build.js';
import type { ClaimedBuild } from '#application/ports/claim-store.js';
import type { HeldTicket } from '#application/ports/ticket-queue.js';
import type { WorkerId } from '#domain/ids.js';
import { sentenceOf } from '#std/farm-fault.js';
import type { GatewayParts } from './gateway-parts.js';

export interface WaitingSlot {
  readonly worker: WorkerId;
  readonly slot: number;
  /** A build was found, and is the slot's from now on. */
  give(build: ClaimedBuild): void;
  /** The slot wants nothing now: it has a live attempt, or its worker takes none. */
  refuse(): void;
  /** The session is there and still wants it. */
  wants(): boolean;
}

type Parts = Pick<GatewayParts, 'claims' | 'tickets' | 'bus' | 'settings'>;

export class ClaimDesk {
  private readonly classes = new Map<string, ClassDesk>();
  private closed = false;

  constructor(private readonly parts: Parts) {}

  want(workerClass: string, waiting: WaitingSlot): void {
    if (this.closed) return;
    let desk = this.classes.get(workerClass);
    if (!desk) {
      desk = new ClassDesk(this.parts, workerClass);
      this.classes.set(workerClass, desk);
    }
    desk.want(waiting);
  }

  /** Those whose `wants` says no any more leave; a fetch that serves nobody ends. */
  tidy(workerClass: string): void {
    this.classes.get(workerClass)?.tidy();
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([...this.classes.values()].map((desk) => desk.close()));
  }
}

/** Claims of one class under way at once. */
const claimsAtOnce = 128;
const afterFaultMilliseconds = 500;

class ClassDesk {
  private readonly logger = new Logger('gateway');
  private waiting: WaitingSlot[] = [];
  private readonly underWay = new Set<Promise<void>>();
  /** Tickets in hand that met no slot. */
  private readonly spare: HeldTicket[] = [];
  private giveUp = new AbortController();
  private loop: Promise<void> | null = null;
  private closed = false;

  constructor(
    private readonly parts: Parts,
    private readonly workerClass: string,
  ) {}

  want(slot: WaitingSlot): void {
    this.waiting.push(slot);
    this.start();
  }

  tidy(): void {
    const leaving = this.waiting.filter((slot) => !slot.wants());
    this.waiting = this.waiting.filter((slot) => slot.wants());
    for (const slot of leaving) slot.refuse();
    if (this.waiting.length === 0) this.giveUp.abort();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.giveUp.abort();
    await this.loop;
    await Promise.all(this.underWay);
    await this.giveBack();
  }

  private start(): void {
    if (this.closed) return;
    this.loop ??= this.serve().finally(() => {
      this.loop = null;
      if (this.waiting.length > 0) this.start();
      else void this.giveBack();
    });
  }

  /** A ticket that met no slot here may meet one at another gateway. */
  private async giveBack(): Promise<void> {
    const left = this.spare.splice(0);
    await Promise.all(left.map((ticket) => this.parts.tickets.giveBack(ticket)));
  }

  private async serve(): Promise<void> {
    this.giveUp = new AbortController();
    while (this.waiting.length > 0 && !this.closed) {
      const ticket =
        this.spare.pop() ?? (await this.parts.tickets.next(this.workerClass, this.giveUp.signal));
      if (ticket) this.spare.push(ticket);
      else if (this.giveUp.signal.aborted) return;
      else continue;
      // Others that want one now are served along: their claims go together.
      const room = Math.min(this.waiting.length, claimsAtOnce - this.underWay.size);
      const more = room - this.spare.length;
      if (more > 0) this.spare.push(...(await this.parts.tickets.take(this.workerClass, more)));
      if (!this.hand()) return;
      if (this.underWay.size >= claimsAtOnce) await Promise.race(this.underWay);
    }
  }

  /** Tickets meet slots; false when a ticket met none. */
  private hand(): boolean {
    for (const ticket of this.spare.splice(0)) {
      const slot = this.nextSlot();
      if (!slot) this.spare.push(ticket);
      else {
        const claim = this.claim(ticket, slot).finally(() => this.underWay.delete(claim));
        this.underWay.add(claim);
      }
    }
    return this.spare.length === 0;
  }

  private nextSlot(): WaitingSlot | null {
    for (;;) {
      const slot = this.waiting.shift();
      if (!slot) return null;
      if (slot.wants()) return slot;
      slot.refuse();
    }
  }

  private async claim(ticket: HeldTicket, slot: WaitingSlot): Promise<void> {
    const { claims: store, tickets, bus, settings } = this.parts;
    const { leaseSeconds } = settings;
    const claimant = { worker: slot.worker, slot: slot.slot, fence: randomFence(), leaseSeconds };
    try {
      const claimed = await claimBuild({ store, tickets, bus }, ticket, claimant);
      if (claimed.ok) return slot.give(claimed.value);
      if (claimed.error.kind === 'stale') return this.again(slot);
      // The build shall go to another worker: this slot lets the others go first.
      if (claimed.error.kind === 'avoided') return slot.wants() ? this.want(slot) : slot.refuse();
      slot.refuse();
      // The waiting fetch gives way, so that the next slot gets this ticket and not a later one.
      this.spare.push(ticket);
      if (this.loop) this.giveUp.abort();
      else await this.giveBack();
    } catch (error) {
      // The ticket stays held and comes back by itself when its hold expires.
      this.logger.error(`claim of build ${ticket.build}: ${sentenceOf(error)}`);
      await new Promise((resolve) => setTimeout(resolve, afterFaultMilliseconds));
      this.again(slot);
    }
  }

  private again(slot: WaitingSlot): void {
    if (!slot.wants()) return slot.refuse();
    this.waiting.unshift(slot);
    this.start();
  }
}
