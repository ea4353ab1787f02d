/** Keeps the poll timers equal to the specifications, and polls when one of them rings. */
import type { LoggerService } from '@nestjs/common';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { pollChannels } from '#application/poll-channels.js';
import type { PollCall } from '#application/ports/poll-timers.js';
import type { EvaluatorParts } from './evaluator-parts.js';
import { Wakeable } from './wakeable.js';

/** Polls wait for the network, not for the processor; a hanging one must not hold up the others. */
const pollsAtOnce = 32;

export class PollLoop {
  private readonly stopping = new AbortController();
  private readonly schedule = new Wakeable(() => this.reconcile());
  private unsubscribe: (() => Promise<void>) | undefined;

  constructor(
    private readonly parts: EvaluatorParts,
    private readonly log: LoggerService,
  ) {}

  async start(): Promise<void> {
    const { bus, polls, tickSeconds } = this.parts;
    this.unsubscribe = await bus.subscribe('specifications', () => this.schedule.wake());
    await polls.timers.consume((call) => this.poll(call), pollsAtOnce);
    this.schedule.start(tickSeconds);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.unsubscribe?.();
    await this.schedule.stop();
    await this.parts.polls.timers.close();
  }

  private async poll(call: PollCall): Promise<void> {
    try {
      const outcome = await pollChannels(this.parts.polls, call, this.stopping.signal);
      if (outcome.kind === 'started') {
        const { evaluation } = outcome;
        this.log.log(`evaluation ${evaluation} of specification ${call.specification} is started`);
      }
      if (outcome.kind === 'failed') {
        const which = outcome.channels.join(', ');
        this.log.warn(`specification ${call.specification}: cannot fetch ${which}`);
      }
    } catch (fault) {
      if (fault instanceof FarmFault && fault.code === 'canceled') throw fault;
      this.log.error(`poll of specification ${call.specification}: ${sentenceOf(fault)}`);
      throw fault;
    }
  }

  private async reconcile(): Promise<void> {
    try {
      await this.parts.polls.schedule.reconcile();
    } catch (fault) {
      this.log.error(`poll timers: ${sentenceOf(fault)}`);
    }
  }
}
