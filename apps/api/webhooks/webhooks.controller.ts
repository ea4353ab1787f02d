/** `POST /webhooks/FORGE`: where forges tell of pushes and pull requests. */
import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { notFound, ProblemException } from '#nest/problem.js';
import { DeliveryReceipt, ForgeName } from '#protocol/api/forge.js';
import { Problem } from '#protocol/api/problem.js';
import { WebhookIntake, type RawDelivery } from './webhook-intake.js';

const named = z.object({ name: ForgeName });

@ApiTags('forges')
@Controller('webhooks')
export class WebhooksController {
  constructor(private readonly intake: WebhookIntake) {}

  /** Answered once it is written down; what follows is told by the list of deliveries. */
  @Post(':name')
  @HttpCode(202)
  @ApiOperation({ summary: 'What a forge tells, signed with one of its secrets' })
  @ApiResponse({ status: 202, standardSchema: DeliveryReceipt })
  @ApiResponse({ status: 400, standardSchema: Problem })
  @ApiResponse({ status: 403, standardSchema: Problem })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async deliver(
    @Param({ schema: named }) { name }: z.infer<typeof named>,
    @Req() request: FastifyRequest,
  ): Promise<DeliveryReceipt> {
    const forge = (await this.intake.forges()).find((one) => one.name === name);
    if (!forge) throw notFound(`forge ${name}`);
    const raw = rawOf(request);
    const doubt = await this.intake.doubt(forge, raw);
    if (doubt !== null) {
      await this.intake.noteRefusal(forge, doubt);
      const detail = `This is not from the forge ${name}: ${doubt}.`;
      throw new ProblemException({ status: 403, kind: 'unsigned', detail });
    }
    const { delivery, receipt } = await this.intake.take(forge, raw);
    return { delivery, receipt };
  }
}

export function rawOf({ headers, body }: FastifyRequest): RawDelivery {
  return { headers, body: Buffer.isBuffer(body) ? body : Buffer.alloc(0) };
}
