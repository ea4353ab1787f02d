/**
 * Liveness and readiness of a process: `/livez` says that it runs, `/readyz` that what it depends
 * on answers. A module provides its checks under READINESS; each is a name and an async question.
 */
import { Controller, Get, Inject, ServiceUnavailableException } from '@nestjs/common';

export const READINESS = Symbol('readiness');

export interface ReadinessCheck {
  readonly name: string;
  /** Rejects, with a sentence, when the dependency does not answer. */
  ask(): Promise<unknown>;
}

@Controller()
export class HealthController {
  constructor(@Inject(READINESS) private readonly checks: readonly ReadinessCheck[]) {}

  @Get('livez')
  live(): { status: string } {
    return { status: 'ok' };
  }

  @Get('readyz')
  async ready(): Promise<{ status: string; checks: Record<string, string> }> {
    const checks: Record<string, string> = {};
    for (const check of this.checks) {
      checks[check.name] = await check.ask().then(
        () => 'ok',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
    }
    const failed = Object.values(checks).some((answer) => answer !== 'ok');
    if (failed) throw new ServiceUnavailableException({ status: 'unready', checks });
    return { status: 'ok', checks };
  }
}
