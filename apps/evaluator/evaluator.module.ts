/** Nest's part of the evaluator: health, and the order in which its loops start and stop. */
import {
  Logger,
  Module,
  type BeforeApplicationShutdown,
  type DynamicModule,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { HealthController, READINESS, type ReadinessCheck } from '#nest/health.js';
import { EvaluationLoop } from './evaluation-loop.js';
import type { EvaluatorParts } from './evaluator-parts.js';
import { FollowLoop } from './follow-loop.js';
import { PollLoop } from './poll-loop.js';

class Loops implements OnApplicationBootstrap, BeforeApplicationShutdown, OnApplicationShutdown {
  private readonly polls: PollLoop;
  private readonly evaluations: EvaluationLoop;
  private readonly follow: FollowLoop;

  constructor(private readonly parts: EvaluatorParts) {
    const log = new Logger('evaluator');
    this.polls = new PollLoop(parts, log);
    this.evaluations = new EvaluationLoop(parts, log);
    this.follow = new FollowLoop(parts, log);
    const known = [...parts.evaluations.backends.keys()];
    log.log(`reads specifications for ${known.join(' and ')}`);
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.parts.watch.start();
    await this.evaluations.start();
    await this.polls.start();
    await this.follow.start();
  }

  async beforeApplicationShutdown(): Promise<void> {
    const { polls, evaluations, follow, parts } = this;
    const loops = [polls, evaluations, follow, parts.watch];
    await Promise.all(loops.map((loop) => loop.stop()));
  }

  async onApplicationShutdown(): Promise<void> {
    await this.parts.close();
  }
}

@Module({})
export class EvaluatorModule {
  static of(parts: EvaluatorParts): DynamicModule {
    const checks: ReadinessCheck[] = [
      { name: 'postgres', ask: () => parts.database.query('select 1') },
      { name: 'queue', ask: () => parts.queue.ping() },
    ];
    return {
      module: EvaluatorModule,
      controllers: [HealthController],
      providers: [
        { provide: READINESS, useValue: checks },
        { provide: Loops, useFactory: () => new Loops(parts) },
      ],
    };
  }
}
