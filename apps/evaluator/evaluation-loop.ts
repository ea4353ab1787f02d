/**
 * Claims started evaluations and reads them, a few at a time; the rest wait in Postgres. Each lease
 * is renewed while its evaluation is read; when that fails, or we are stopped, the reading is given
 * up and any evaluator may begin it again.
 */
import type { LoggerService } from '@nestjs/common';
import { sentenceOf } from '#std/farm-fault.js';
import { InvariantBroken } from '#std/invariant.js';
import type { ClaimedEvaluation } from '#application/ports/evaluation-leases.js';
import { runEvaluation } from '#application/run-evaluation.js';
import type { EvaluatorParts } from './evaluator-parts.js';
import { Wakeable } from './wakeable.js';

const evaluationsAtOnce = 2;
const leaseSeconds = 60;

export class EvaluationLoop {
  private readonly stopping = new AbortController();
  private readonly claims = new Wakeable(() => this.claim());
  private readonly running = new Set<Promise<void>>();
  private unsubscribe: (() => Promise<void>) | undefined;
  /** What there is too little room for. */
  private short: string | null = null;

  constructor(
    private readonly parts: EvaluatorParts,
    private readonly log: LoggerService,
  ) {}

  async start(): Promise<void> {
    const { bus, tickSeconds } = this.parts;
    this.unsubscribe = await bus.subscribe('evaluations', () => this.claims.wake());
    this.claims.start(tickSeconds);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.unsubscribe?.();
    await this.claims.stop();
    await Promise.all(this.running);
  }

  private async claim(): Promise<void> {
    try {
      while (this.running.size < evaluationsAtOnce && !this.stopping.signal.aborted) {
        if (await this.isHeldBack()) return;
        const { leases } = this.parts.evaluations;
        const claimed = await leases.claim(this.parts.name, leaseSeconds);
        if (!claimed) return;
        const reading: Promise<void> = this.read(claimed).finally(() => {
          this.running.delete(reading);
          this.claims.wake();
        });
        this.running.add(reading);
      }
    } catch (fault) {
      this.log.error(`claiming evaluations: ${sentenceOf(fault)}`);
    }
  }

  /** While a disk of the farm is short nothing new is wished for; what is read goes on. */
  private async isHeldBack(): Promise<boolean> {
    const [short] = await this.parts.disks.short();
    const place = short?.place ?? null;
    if (place !== null && this.short === null) {
      this.log.warn(`nothing new is evaluated: there is too little room for ${place}`);
    }
    if (place === null && this.short !== null) this.log.log('evaluations go on: there is room');
    this.short = place;
    return place !== null;
  }

  private async read(claimed: ClaimedEvaluation): Promise<void> {
    const ending = new AbortController();
    const end = (): void => ending.abort();
    this.stopping.signal.addEventListener('abort', end);
    const renewal = setInterval(() => void this.renew(claimed, end), (leaseSeconds * 1000) / 3);
    try {
      const outcome = await runEvaluation(this.parts.evaluations, claimed, ending.signal);
      const why = outcome.status === 'left' ? `: ${outcome.why}` : '';
      this.log.log(`evaluation ${claimed.evaluation} is ${outcome.status}${why}`);
    } catch (fault) {
      this.log.error(`evaluation ${claimed.evaluation}: ${sentenceOf(fault)}`);
      if (fault instanceof InvariantBroken) process.exit(70);
    } finally {
      clearInterval(renewal);
      this.stopping.signal.removeEventListener('abort', end);
    }
  }

  /**
   * A database that does not answer loses no lease by itself: the next renewal may come in time.
   */
  private async renew(claimed: ClaimedEvaluation, end: () => void): Promise<void> {
    const held = await this.parts.evaluations.leases.renew(claimed, leaseSeconds).catch(() => true);
    if (!held) end();
  }
}
