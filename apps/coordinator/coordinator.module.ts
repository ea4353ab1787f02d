/** The coordinator app: reconcilers, and health over HTTP. */
import { Module, type DynamicModule } from '@nestjs/common';
import { HealthController, READINESS, type ReadinessCheck } from '#nest/health.js';
import { Coordinator } from './coordinator.js';
import type { CoordinatorParts } from './coordinator-parts.js';

@Module({ controllers: [HealthController] })
export class CoordinatorModule {
  static of(parts: CoordinatorParts): DynamicModule {
    return {
      module: CoordinatorModule,
      providers: [
        { provide: Coordinator, useFactory: () => new Coordinator(parts) },
        { provide: READINESS, useValue: readiness(parts) },
      ],
    };
  }
}

function readiness(parts: CoordinatorParts): readonly ReadinessCheck[] {
  return [
    { name: 'postgres', ask: () => parts.database.query('select 1') },
    { name: 'queue', ask: () => parts.queue.ping() },
  ];
}
