/**
 * One pass of the plan over the planner's memory: idle slots are filled from the fastest class
 * down, tickets are laid ahead of busy ones, and tickets that lie wrong are taken back.
 */
import { idleSlots, ticketsAhead, type ClassRow } from './class-table.js';
import type { PlannerState } from './planner-state.js';
import type { Assignment, Withdrawal } from './planner-model.js';
import { Prospects } from './prospects.js';
import { firstOf, type ReadyQueue } from './ready-queues.js';
import { heldSince, offersOf, reservationOf, type Offer } from './reservation.js';
import { fearedEstimate, isCritical, mayGoTo } from './slack-rule.js';
import { dueRank, isOfPriority, ticketRank } from './ticket-rank.js';

/** How deep a queue is searched for a build that may go to a slow or a reserved class. */
const searched = 64;

/** A build of a name never seen may be as long as this share of all names. */
const fearedQuantile = 0.99;

interface Choice {
  readonly row: number;
  readonly rank: number;
  readonly isDue: boolean;
}

export class PlanPass {
  readonly assignments: Assignment[] = [];
  readonly withdrawals: Withdrawal[] = [];
  private readonly taking: readonly ClassRow[];
  private readonly prospects: Prospects;
  private readonly queues: readonly ReadyQueue[];
  private readonly assigned = new Set<number>();
  private readonly fearedUnknown: number;
  /** By demand, the speed of the fastest class that can build it. */
  private readonly fastest = new Map<number, number>();

  constructor(private readonly state: PlannerState) {
    this.taking = state.classes.taking();
    this.withdrawLost();
    this.prospects = new Prospects(state, this.taking);
    this.fearedUnknown = state.history.quantile(fearedQuantile);
    this.queues = [...state.lanes.ready.filled()];
  }

  run(): this {
    for (const row of this.taking) this.fillIdle(row);
    for (const row of this.taking) this.layAhead(row);
    for (const row of this.taking) this.swap(row);
    for (const row of this.taking) if (idleSlots(row) > 0) this.moveTo(row);
    return this;
  }

  /** No worker of the class takes builds now, or the build's priority is another now. */
  private withdrawLost(): void {
    const { lanes, nodes, classes } = this.state;
    for (const row of [...lanes.out]) {
      const isLost = !classes.rows[nodes.releasedTo[row]!]!.state;
      if (isLost || !isOfPriority(nodes.ticketRank[row]!, nodes.priority[row]!)) this.withdraw(row);
    }
  }

  private fillIdle(row: ClassRow): void {
    const offers = this.offersOf(row);
    while (idleSlots(row) > 0) {
      const choice = this.choose(row, offers);
      if (!choice) break;
      this.assign(row, choice);
    }
    row.heldSince = offers.length > 1 ? heldSince(row, idleSlots(row), this.state.now) : null;
  }

  private layAhead(row: ClassRow): void {
    const most = ticketsAhead(row, this.state.policy.aheadMs);
    const offers = this.offersOf(row);
    // With a slot idle that nothing may take, nothing may lie ahead either.
    while (idleSlots(row) <= 0 && -idleSlots(row) < most) {
      const choice = this.choose(row, offers);
      if (!choice) break;
      this.assign(row, choice);
    }
  }

  /** A ticket behind busy slots makes way for a build with a better rank. */
  private swap(row: ClassRow): void {
    const offers = this.offersOf(row);
    for (let left = -idleSlots(row); left > 0; left -= 1) {
      const choice = this.choose(row, offers);
      const worst = choice ? this.worstTicket(row) : -1;
      if (!choice || worst === -1 || choice.rank >= this.state.nodes.ticketRank[worst]!) break;
      this.withdraw(worst);
      this.assign(row, choice);
    }
  }

  /** An idle slot that nothing ready can use takes a ticket from behind busy slots of others. */
  private moveTo(row: ClassRow): void {
    const { lanes, nodes, classes } = this.state;
    const offers = this.offersOf(row);
    const candidates = [...lanes.out]
      .filter((out) => !this.assigned.has(out) && classes.fits(row, nodes.demand[out]!))
      .filter((out) => offers.some((offer) => this.may(row, out, offer)))
      .sort((a, b) => nodes.rank[b]! - nodes.rank[a]! || a - b);
    for (const out of candidates) {
      if (idleSlots(row) <= 0) break;
      if (idleSlots(classes.rows[nodes.releasedTo[out]!]!) >= 0) continue;
      this.withdraw(out);
      this.assign(row, { row: out, rank: nodes.ticketRank[out]!, isDue: false });
    }
  }

  private worstTicket(row: ClassRow): number {
    const { lanes, nodes } = this.state;
    let worst = -1;
    for (const out of lanes.out) {
      if (nodes.releasedTo[out] !== row.index || this.assigned.has(out)) continue;
      if (worst === -1 || nodes.ticketRank[out]! >= nodes.ticketRank[worst]!) worst = out;
    }
    return worst;
  }

  /** Every so many turns the longest due by its age; else by priority, share and critical path. */
  private choose(row: ClassRow, offers: readonly Offer[]): Choice | null {
    const { agingTurns } = this.state.policy;
    const isAgesTurn = row.turn % agingTurns === agingTurns - 1;
    const due = isAgesTurn ? this.longestDue(row) : -1;
    if (due !== -1) return { row: due, rank: dueRank, isDue: true };
    for (const offer of offers) {
      const best = this.best(row, offer);
      if (best !== -1) return this.chosen(best, offers.length > 1 && offer === offers[0]);
    }
    return null;
  }

  private chosen(row: number, isNeedy: boolean): Choice {
    const { nodes } = this.state;
    const prospect = this.prospects.of(nodes.demand[row]!);
    const critical = prospect && isCritical(nodes.rank[row]!, prospect);
    const rank = ticketRank(nodes.priority[row]!, isNeedy ? 0 : critical ? 1 : 2);
    return { row, rank, isDue: false };
  }

  private longestDue(row: ClassRow): number {
    const { lanes, nodes, classes, shares, now } = this.state;
    let longest = -1;
    for (const old of lanes.ready.oldest()) {
      if (-nodes.lateness[old]! > now || !classes.fits(row, nodes.demand[old]!)) continue;
      if (shares.isLimited(nodes.specifications[old]!) || this.avoids(old, row)) continue;
      if (longest === -1 || nodes.lateness[old]! > nodes.lateness[longest]!) longest = old;
    }
    return longest;
  }

  private best(row: ClassRow, offer: Offer): number {
    const { classes, shares } = this.state;
    let best = -1;
    let ahead: ReadyQueue | null = null;
    for (const queue of this.queues) {
      if (queue.heap.size === 0 || !classes.fits(row, queue.demand)) continue;
      if (!offer.accepts(queue.demand)) continue;
      if (ahead && this.order(queue, ahead) > 0) continue;
      if (shares.isLimited(queue.specifications)) continue;
      const found = this.firstThatMay(row, queue, offer);
      if (found === -1) continue;
      const tied = ahead && this.order(queue, ahead) === 0;
      if (tied && this.state.nodes.rank[found]! <= this.state.nodes.rank[best]!) continue;
      best = found;
      ahead = queue;
    }
    return best;
  }

  private order(a: ReadyQueue, b: ReadyQueue): number {
    const { shares } = this.state;
    if (a.priority !== b.priority) return a.priority - b.priority;
    return shares.virtualTimeOf(a.specifications) - shares.virtualTimeOf(b.specifications);
  }

  private firstThatMay(row: ClassRow, queue: ReadyQueue, offer: Offer): number {
    const keys = this.state.nodes.rank;
    return firstOf(queue, { most: searched, keys, do: (build) => this.may(row, build, offer) });
  }

  private may(row: ClassRow, build: number, offer: Offer): boolean {
    const { nodes } = this.state;
    const estimate = nodes.estimate[build]!;
    const demand = nodes.demand[build]!;
    if (!offer.accepts(demand) || estimate / row.speed > offer.longest) return false;
    if (this.avoids(build, row)) return false;
    // Whoever is avoided is not worth waiting for, either.
    if (this.state.avoided.has(nodes.buildOf(build))) return true;
    // Only a class that can build it is worth waiting for, however fast others of the group are.
    if (row.speed >= this.fastestFor(demand)) return true;
    const prospect = this.prospects.of(demand);
    if (!prospect) return true;
    const feared = fearedEstimate(estimate, nodes.measured[build] === 1, this.fearedUnknown);
    const rank = nodes.rank[build]! - estimate + feared;
    return mayGoTo(row.speed, { estimate: feared, rank }, prospect);
  }

  private avoids(build: number, { name }: ClassRow): boolean {
    const { avoided, nodes } = this.state;
    return avoided.size > 0 && avoided.get(nodes.buildOf(build))?.has(name) === true;
  }

  private fastestFor(demand: number): number {
    const known = this.fastest.get(demand);
    if (known !== undefined) return known;
    const fitting = this.taking.filter((row) => this.state.classes.fits(row, demand));
    const fastest = Math.max(0, ...fitting.map((row) => row.speed));
    this.fastest.set(demand, fastest);
    return fastest;
  }

  private assign(row: ClassRow, { row: build, rank, isDue }: Choice): void {
    const { state } = this;
    const { nodes, shares, policy, now } = state;
    if (!isDue) shares.serve(nodes.specifications[build]!, nodes.priority[build]!);
    state.release(build, { releasedTo: row.index, expiresAt: now + policy.releaseMs });
    nodes.generation[build]! += 1;
    nodes.ticketRank[build] = rank;
    row.turn += 1;
    this.assigned.add(build);
    this.assignments.push({ build: nodes.buildOf(build), workerClass: row.name, rank });
  }

  private withdraw(build: number): void {
    const { nodes, classes } = this.state;
    const workerClass = classes.rows[nodes.releasedTo[build]!]!.name;
    const generation = nodes.generation[build]!;
    this.withdrawals.push({ build: nodes.buildOf(build), workerClass, generation });
    this.state.release(build, { releasedTo: -1, expiresAt: 0 });
  }

  private offersOf(row: ClassRow): Offer[] {
    const { policy, classes, lanes, now } = this.state;
    const { reserveMs, reservedFeatures: reserved } = policy;
    const facts = { row, classes, reserved, coming: lanes.coming, reserveMs, now };
    return offersOf(reservationOf(facts));
  }
}
