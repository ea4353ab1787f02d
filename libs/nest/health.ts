/**
 * Liveness and readiness of a process: `/livez` says that it runs, `/readyz` that what it depends
 * on answers. A module provides its checks under READINESS; each is a name and an async question.
 */
import {
  Controller,
  Get,
  Header,
  Inject,
  Query,
  ServiceUnavailableException,
} from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { sentenceOf } from '#std/farm-fault.js';
import {
  LifeAnswer,
  ReadinessAnswer,
  ReadinessQuery,
  type CheckDetail,
} from '#protocol/api/health.js';
import { Problem } from '#protocol/api/problem.js';
import { inTime } from './patience.js';

export const READINESS = Symbol('readiness');

export interface ReadinessCheck {
  readonly name: string;
  /** Rejects, with a sentence, when the dependency does not answer. */
  ask(): Promise<unknown>;
}

@ApiTags('health')
@Controller()
export class HealthController {
  constructor(@Inject(READINESS) private readonly checks: readonly ReadinessCheck[]) {}

  @Get('livez')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether this process runs' })
  @ApiResponse({ status: 200, standardSchema: LifeAnswer })
  live(): LifeAnswer {
    return { status: 'ok' };
  }

  @Get('readyz')
  @Header('cache-control', 'no-store')
  @ApiOperation({ summary: 'Whether all that it needs answers' })
  @ApiResponse({ status: 200, standardSchema: ReadinessAnswer })
  @ApiResponse({ status: 503, standardSchema: Problem })
  async ready(
    @Query({ schema: ReadinessQuery }) { verbose }: ReadinessQuery,
  ): Promise<ReadinessAnswer> {
    const asked = await Promise.all(this.checks.map(detailOf));
    const checks = Object.fromEntries(asked.map(([name, { detail }]) => [name, detail]));
    const details = Object.fromEntries(asked);
    const upSeconds = Math.floor(process.uptime());
    const more = verbose === undefined ? {} : { details, upSeconds };
    if (asked.some(([, { ok }]) => !ok)) throw unready(checks, more);
    return { status: 'ok', checks, ...more };
  }
}

async function detailOf({ name, ask }: ReadinessCheck): Promise<[string, CheckDetail]> {
  const began = performance.now();
  const fault = await inTime(ask()).then(() => null, sentenceOf);
  const milliseconds = Math.round((performance.now() - began) * 10) / 10;
  return [name, { ok: fault === null, detail: fault ?? 'ok', milliseconds }];
}

/** The checks stand beside the members that every problem has. */
function unready(checks: Record<string, string>, more: object): ServiceUnavailableException {
  const message = 'Something that it needs does not answer.';
  return new ServiceUnavailableException({ message, status: 'unready', checks, ...more });
}
