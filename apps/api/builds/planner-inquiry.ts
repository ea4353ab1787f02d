/**
 * Asks the leading planner, over the bus, what it knows of waits and estimates. Half a second of
 * patience; when nobody answers, nobody is asked again for a little, so that a farm without a
 * planner does not make every reader wait.
 */
import { Inject, Injectable } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import type { PlannerAnswer, PlannerQuestion } from '#application/answer-planner.js';
import type { Bus } from '#application/ports/bus.js';
import type { BuildId, EvaluationId } from '#domain/ids.js';
import type { Estimate as Planned } from '#domain/scheduling/planner.js';
import type { Estimate } from '#protocol/api/page.js';
import { BUS } from '../farm/tokens.js';

const patienceMilliseconds = 500;
const silenceMilliseconds = 2000;

type About = Omit<PlannerQuestion, 'id' | 'reply'>;
type Hear = (answer: PlannerAnswer | null) => void;

@Injectable()
export class PlannerInquiry {
  private readonly reply = randomUUID();
  private readonly waiting = new Map<number, Hear>();
  private listening: Promise<unknown> | null = null;
  private asked = 0;
  private silentUntil = 0;

  constructor(@Inject(BUS) private readonly bus: Bus) {}

  builds(builds: readonly BuildId[]): Promise<PlannerAnswer | null> {
    return this.ask({ builds });
  }

  evaluation(evaluation: EvaluationId): Promise<PlannerAnswer | null> {
    return this.ask({ evaluation });
  }

  /** Null when nobody answered in time. */
  private async ask(about: About): Promise<PlannerAnswer | null> {
    if (performance.now() < this.silentUntil) return null;
    this.asked += 1;
    const question: PlannerQuestion = { ...about, id: this.asked, reply: this.reply };
    const { promise, resolve } = Promise.withResolvers<PlannerAnswer | null>();
    this.waiting.set(question.id, resolve);
    const patience = setTimeout(() => resolve(null), patienceMilliseconds);
    void this.send(question);
    const answer = await promise;
    clearTimeout(patience);
    this.waiting.delete(question.id);
    if (!answer) this.silentUntil = performance.now() + silenceMilliseconds;
    return answer;
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
    this.waiting.get(answer.id)?.(answer);
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
