/**
 * The planner of a coordinator. A standby builds its memory and follows what changes, without
 * planning, so that it can lead at once; a leader plans in each pass and audits now and then. The
 * memory is dropped with the connection that waits for the lead.
 */
import { Logger } from '@nestjs/common';
import { answerPlanner, parseQuestion } from '#application/answer-planner.js';
import { auditPlanner } from '#application/audit-planner.js';
import { followBuilds, rebuildPlanner, renewDemands } from '#application/follow-builds.js';
import type { PlannerMemory } from '#application/planner-memory.js';
import type { FeedPosition } from '#application/ports/planner-store.js';
import { releaseTickets } from '#application/release-tickets.js';
import { defaultPolicy, type SchedulingPolicy } from '#domain/scheduling/planner.js';
import type { CoordinatorParts } from './coordinator-parts.js';

const auditMilliseconds = 2000;
const demandMilliseconds = 30_000;
/** A planner that is behind by less than this finds its changes still there. */
const keptMilliseconds = 60_000;

type Parts = Pick<
  CoordinatorParts,
  'graph' | 'jobs' | 'audit' | 'durations' | 'releases' | 'tickets' | 'epoch' | 'bus'
>;

export class PlannerDesk {
  private readonly logger = new Logger('planner');
  private memory: PlannerMemory | null = null;
  /** Counts the memories, so that a pass on a dropped one leaves nothing behind. */
  private term = 0;
  private leads = false;
  private othersAreVoid = false;
  /** One pass at a time looks at changes: they are told in their order. */
  private turn: Promise<unknown> = Promise.resolve();
  private auditedUntil = 0;
  private nextAudit = 0;
  private nextDemand = 0;
  private kept: { readonly position: FeedPosition; readonly at: number } | null = null;

  constructor(
    private readonly parts: Parts,
    private readonly policy: SchedulingPolicy = defaultPolicy,
  ) {}

  /** How many builds the planner holds; null when it holds none of the farm. */
  get size(): number | null {
    return this.memory?.size ?? null;
  }

  /** From now on it plans. */
  lead(): void {
    this.leads = true;
    this.othersAreVoid = false;
  }

  drop(): void {
    this.leads = false;
    this.forgetAll();
  }

  /** Keeps up without planning. */
  follow(): Promise<void> {
    return this.inTurn(async () => {
      const memory = await this.known();
      if (!memory || this.leads) return;
      const { graph, jobs } = this.parts;
      if (!(await followBuilds({ graph, jobs }, memory))) return this.fallBehind();
      // Whoever leads learns from them.
      memory.takeSucceeded();
    });
  }

  pass(): Promise<void> {
    return this.inTurn(() => this.plan());
  }

  private async plan(): Promise<void> {
    if (!this.leads) return;
    await this.voidOfOthers();
    const memory = await this.known();
    if (!memory || !this.leads) return;
    const { releases: store, tickets, epoch, graph, jobs } = this.parts;
    const pass = await releaseTickets({ store, tickets, epoch, graph, jobs }, memory);
    if (pass.voided > 0) {
      this.logger.warn(`the queue had lost its tickets: ${pass.voided} are released again`);
    }
    if (pass.behind) return this.fallBehind();
    await this.see(memory, performance.now());
  }

  async learn(): Promise<void> {
    const succeeded = this.memory?.takeSucceeded() ?? [];
    await this.parts.durations.learn(succeeded);
  }

  /** Never rejects: an asker that hears nothing does without. */
  async answer(message: string): Promise<void> {
    const { memory } = this;
    const question = parseQuestion(message);
    if (!memory || !question || !this.leads) return;
    const answer = await answerPlanner(this.parts.jobs, memory, question).catch(() => null);
    if (!answer) return;
    await this.parts.bus.publish(`planner/answer/${question.reply}`, JSON.stringify(answer));
  }

  /** Whoever led before may have died between the release of builds and the offer of tickets. */
  private async voidOfOthers(): Promise<void> {
    if (this.othersAreVoid) return;
    await this.parts.releases.voidAll();
    this.othersAreVoid = true;
  }

  private inTurn(pass: () => Promise<void>): Promise<void> {
    const taken = this.turn.then(pass);
    this.turn = taken.catch(() => undefined);
    return taken;
  }

  /** Null when what was being built is of no use any more. */
  private async known(): Promise<PlannerMemory | null> {
    const { term } = this;
    const memory = this.memory ?? (await this.rebuild());
    if (term !== this.term) return null;
    this.memory = memory;
    return memory;
  }

  private async rebuild(): Promise<PlannerMemory> {
    const begun = performance.now();
    const memory = await rebuildPlanner(this.parts.graph, this.policy);
    const took = Math.round(performance.now() - begun);
    this.logger.log(`knows ${memory.size} builds after ${took} ms`);
    return memory;
  }

  /** What need not happen in every pass. */
  private async see(memory: PlannerMemory, now: number): Promise<void> {
    if (now >= this.nextAudit) {
      this.nextAudit = now + auditMilliseconds;
      await this.audit(memory);
      await this.forget(memory, now);
    }
    if (memory.demandIsStale && now >= this.nextDemand) {
      this.nextDemand = now + demandMilliseconds;
      await renewDemands(this.parts.graph, memory);
    }
  }

  private async audit(memory: PlannerMemory): Promise<void> {
    const { graph, jobs, audit } = this.parts;
    const found = await auditPlanner({ graph, jobs, audit }, memory, this.auditedUntil);
    this.auditedUntil = found.next;
    if (found.behind) return this.fallBehind();
    if (found.repaired.length === 0) return;
    const named = found.repaired.slice(0, 10).join(', ');
    this.logger.error(
      `audit: the planner was wrong about ${found.repaired.length} builds (${named}); repaired`,
    );
  }

  private async forget(memory: PlannerMemory, now: number): Promise<void> {
    if (this.kept && now - this.kept.at >= keptMilliseconds) {
      await this.parts.graph.forget(this.kept.position);
      this.kept = null;
    }
    this.kept ??= { position: memory.position, at: now };
  }

  private fallBehind(): void {
    this.logger.warn('changes were forgotten before they were followed: begins anew');
    this.forgetAll();
  }

  private forgetAll(): void {
    this.term += 1;
    this.memory = null;
    this.kept = null;
  }
}
