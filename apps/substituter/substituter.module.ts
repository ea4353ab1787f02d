/** Nest's part of the substituter: its health, and the order in which it stops. */
import { Module, type BeforeApplicationShutdown, type DynamicModule } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { HealthController, READINESS, type ReadinessCheck } from '#nest/health.js';

/** What the process must finish, and then close. */
export interface Ending {
  drain(): Promise<void>;
  close(): Promise<void>;
}

class Shutdown implements BeforeApplicationShutdown, OnApplicationShutdown {
  constructor(private readonly ending: Ending) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.ending.drain();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.ending.close();
  }
}

@Module({})
export class SubstituterModule {
  static with(checks: readonly ReadinessCheck[], ending: Ending): DynamicModule {
    return {
      module: SubstituterModule,
      controllers: [HealthController],
      providers: [
        { provide: READINESS, useValue: checks },
        { provide: Shutdown, useFactory: () => new Shutdown(ending) },
      ],
    };
  }
}
