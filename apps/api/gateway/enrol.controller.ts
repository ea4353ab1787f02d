/** How a machine becomes a worker: an admin makes a one-time token, the worker exchanges it. */
import { Body, Controller, Inject, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { hashSecret, randomSecret } from '#adapters/system/secret.js';
import { createEnrolmentToken, enrolWorker } from '#application/enrol-worker.js';
import type { WorkerStore } from '#application/ports/worker-store.js';
import { ProblemException } from '#nest/problem.js';
import { Time } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { EnrolAnswer, EnrolRequest } from '#protocol/worker.js';
import { Requires } from '../access/requires.js';
import { WORKER_STORE } from './gateway-tokens.js';

const secrets = { random: randomSecret, hash: hashSecret };

const TokenRequest = z
  .strictObject({
    /** For whom it is, for the people who look at the list. */
    note: z.string().max(200).default(''),
    seconds: z
      .int()
      .min(60)
      .max(30 * 24 * 3600)
      .default(24 * 3600),
  })
  .default({ note: '', seconds: 24 * 3600 });

const EnrolmentToken = z.object({ token: z.string(), expiresAt: Time });

@ApiTags('workers')
@Controller('api/v1/workers')
export class EnrolController {
  constructor(@Inject(WORKER_STORE) private readonly workers: WorkerStore) {}

  @Post('tokens')
  @Requires('worker.enrol', 'enrolment/=note')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Make a one-time token with which one worker may enrol' })
  @ApiResponse({ status: 201, standardSchema: EnrolmentToken })
  async token(
    @Body({ schema: TokenRequest }) wish: z.infer<typeof TokenRequest>,
  ): Promise<z.infer<typeof EnrolmentToken>> {
    const made = await createEnrolmentToken(this.workers, secrets, wish);
    return { token: made.token, expiresAt: made.expiresAt.toISOString() };
  }

  @Post('enrol')
  @ApiOperation({ summary: 'Exchange a one-time token for a credential of the worker’s own' })
  @ApiResponse({ status: 201, standardSchema: EnrolAnswer })
  @ApiResponse({ status: 403, standardSchema: Problem })
  @ApiResponse({ status: 409, standardSchema: Problem })
  async enrol(
    @Body({ schema: EnrolRequest }) request: z.infer<typeof EnrolRequest>,
  ): Promise<EnrolAnswer> {
    const enrolled = await enrolWorker(this.workers, secrets, request);
    if (enrolled.ok) return { ...enrolled.value, worker: String(enrolled.value.worker) };
    if (enrolled.error.kind === 'name-taken') {
      const detail = `Another worker is called ${request.name}; remove it, or choose another name.`;
      throw new ProblemException({ status: 409, kind: 'name-taken', detail });
    }
    const detail = 'The enrolment token is unknown, used or expired.';
    throw new ProblemException({ status: 403, kind: 'token-invalid', detail });
  }
}
