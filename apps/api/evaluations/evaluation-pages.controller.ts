/** The pages of evaluations. */
import { Controller, Get, Header, Param, Query, Res, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { id, type EvaluationId } from '#domain/ids.js';
import { Id } from '#protocol/api/page.js';
import { evaluationPage } from '#views/evaluation.js';
import { Notices } from '../pages/notices.js';
import { EvaluationPageModels } from './evaluation-page-models.js';
import { EvaluationPageQuery } from './evaluation-page-query.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const html = 'text/html; charset=utf-8';

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller('evaluations')
export class EvaluationPagesController {
  constructor(private readonly models: EvaluationPageModels) {}

  @Get(':id')
  @Header('content-type', html)
  async evaluation(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: EvaluationPageQuery }) query: EvaluationPageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const model = await this.models.evaluation(id<EvaluationId>(address.id), query);
    // Browsers come again by themselves, with scripts or without.
    if (model.compared === 'reading') void reply.header('refresh', '1');
    return evaluationPage(model);
  }
}
