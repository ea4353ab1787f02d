/** Looks at the repositories that the farm follows, when their time has come or when called. */
import type { LoggerService } from '@nestjs/common';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import {
  followRepositories,
  type FollowParts,
  type Looked,
} from '#application/follow-repositories.js';
import type { Bus } from '#application/ports/bus.js';
import { Wakeable } from './wakeable.js';

export interface FollowLoopParts {
  readonly follow: FollowParts;
  readonly bus: Bus;
  readonly tickSeconds: number;
}

export class FollowLoop {
  private readonly stopping = new AbortController();
  private readonly looking = new Wakeable(() => this.look());
  private unsubscribe: (() => Promise<void>) | undefined;

  constructor(
    private readonly parts: FollowLoopParts,
    private readonly log: LoggerService,
  ) {}

  async start(): Promise<void> {
    const { bus, tickSeconds } = this.parts;
    this.unsubscribe = await bus.subscribe('repositories', () => this.looking.wake());
    this.looking.start(tickSeconds);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.unsubscribe?.();
    await this.looking.stop();
  }

  private async look(): Promise<void> {
    try {
      const looked = await followRepositories(this.parts.follow, this.stopping.signal);
      for (const one of looked) this.tell(one);
    } catch (fault) {
      if (fault instanceof FarmFault && fault.code === 'canceled') return;
      this.log.error(`followed repositories: ${sentenceOf(fault)}`);
    }
  }

  private tell({ repository: { name, appliedRevision }, outcome }: Looked): void {
    const { kind, revision } = outcome;
    if (kind === 'faulty') {
      this.log.warn(`repository ${name}: ${outcome.faults.length} faults at ${revision}`);
    } else if (kind === 'failed') {
      this.log.warn(`repository ${name}: ${outcome.failure}`);
    } else if (revision !== appliedRevision) {
      this.log.log(`repository ${name}: the specifications are those of ${revision}`);
    }
  }
}
