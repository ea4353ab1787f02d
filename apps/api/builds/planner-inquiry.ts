/**
 * Asks the leading planner, over the bus, what it knows of waits and estimates. A reader waits for
 * it a twentieth of a second: an answer that comes later is kept for the next one who asks the
 * same. While nobody answers no reader waits at all, and a question goes out now and then to find
 * out whether somebody does again.
 */
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { PlannerAnswer, PlannerQuestion } from '#application/answer-planner.js';
import type { Bus } from '#application/ports/bus.js';
import type { BuildId, EvaluationId } from '#domain/ids.js';
import type { Estimate as Planned, SystemDrain } from '#domain/scheduling/planner.js';
import type { Estimate } from '#protocol/api/page.js';
import { BUS } from '../farm/tokens.js';

/** A page promises an answer within 100 ms, and reads a little after this. */
const patienceMilliseconds = 50;
/** How old an answer may be that came too late for the one who asked. */
const keptMilliseconds = 5000;
/** How often a silent planner is asked. */
const probeMilliseconds = 1000;
/** More than readers ask within the time that late answers are kept. */
const openAtMost = 2000;

type About = Omit<PlannerQuestion, 'id' | 'reply'>;

interface Open {
  readonly key: string;
  readonly askedAt: number;
  hear(answer: PlannerAnswer): void;
}

interface Late {
  readonly answer: PlannerAnswer;
  readonly heardAt: number;
}

@Injectable()
export class PlannerInquiry {
  private readonly reply = randomUUID();
  private readonly open = new Map<number, Open>();
  private readonly late = new Map<string, Late>();
  private listening: Promise<unknown> | null = null;
  private asked = 0;
  private silent = false;
  private askedAt = -Infinity;

  constructor(@Inject(BUS) private readonly bus: Bus) {}

  builds(builds: readonly BuildId[]): Promise<PlannerAnswer | null> {
    return this.ask({ builds });
  }

  evaluation(evaluation: EvaluationId): Promise<PlannerAnswer | null> {
    return this.ask({ evaluation });
  }

  /** When the queue of each system is empty. */
  async queue(): Promise<readonly SystemDrain[] | null> {
    return (await this.ask({ builds: [], queue: true }))?.drains ?? null;
  }

  /** Null when nobody answered in time. */
  private async ask(about: About): Promise<PlannerAnswer | null> {
    const key = JSON.stringify(about);
    const late = this.takeLate(key);
    if (late) return late;
    const now = performance.now();
    if (this.silent && now - this.askedAt < probeMilliseconds) return null;
    this.askedAt = now;
    const { promise, resolve } = Promise.withResolvers<PlannerAnswer | null>();
    this.question(about, { key, askedAt: now, hear: resolve });
    if (this.silent) return null;
    const patience = setTimeout(() => {
      this.silent = true;
      resolve(null);
    }, patienceMilliseconds);
    const answer = await promise;
    clearTimeout(patience);
    return answer;
  }

  private question(about: About, open: Open): void {
    this.asked += 1;
    this.forgetOld(open.askedAt);
    this.open.set(this.asked, open);
    void this.send({ ...about, id: this.asked, reply: this.reply });
  }

  /** A bus that is away is a planner that does not answer. */
  private async send(question: PlannerQuestion): Promise<void> {
    this.listening ??= this.bus
      .subscribe(`planner/answer/${this.reply}`, (message) => this.hear(message))
      .catch(() => (this.listening = null));
    await this.listening;
    await this.bus.publish('planner/ask', JSON.stringify(question));
  }

  private hear(message: string): void {
    const answer = JSON.parse(message) as PlannerAnswer;
    const question = this.open.get(answer.id);
    if (!question) return;
    this.silent = false;
    this.open.delete(answer.id);
    const heardAt = performance.now();
    if (heardAt - question.askedAt >= patienceMilliseconds) {
      this.late.set(question.key, { answer, heardAt });
    }
    question.hear(answer);
  }

  private takeLate(key: string): PlannerAnswer | null {
    const late = this.late.get(key);
    if (!late) return null;
    this.late.delete(key);
    return performance.now() - late.heardAt < keptMilliseconds ? late.answer : null;
  }

  /** Both maps are in the order of time. */
  private forgetOld(now: number): void {
    for (const [id, { askedAt }] of this.open) {
      if (now - askedAt < keptMilliseconds && this.open.size < openAtMost) break;
      this.open.delete(id);
    }
    for (const [key, { heardAt }] of this.late) {
      if (now - heardAt < keptMilliseconds) break;
      this.late.delete(key);
    }
  }
}

/** Null when neither is known. */
export function estimateOf(planned: Planned | undefined): Estimate | null {
  if (!planned || (planned.startsAt === null && planned.endsAt === null)) return null;
  return { startsAt: timeOf(planned.startsAt), endsAt: timeOf(planned.endsAt) };
}

function timeOf(milliseconds: number | null): string | null {
  return milliseconds === null ? null : new Date(milliseconds).toISOString();
}
