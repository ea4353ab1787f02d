/** The pages of evaluations. */
import {
  Controller,
  Get,
  Header,
  Param,
  Query,
  Redirect,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { JobDetailQueries } from '#adapters/postgres/evaluation-difference-details.js';
import { id, type EvaluationId } from '#domain/ids.js';
import { Id } from '#protocol/api/page.js';
import { evaluationAddress } from '#views/evaluation-address.js';
import { mapPage } from '#views/evaluation-map.js';
import { evaluationPage } from '#views/evaluation.js';
import { Notices } from '../pages/notices.js';
import { EvaluationPageModels } from './evaluation-page-models.js';
import { EvaluationPageQuery, JobAddress, MapPageQuery } from './evaluation-page-query.js';
import { MapReader } from './map-reader.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const html = 'text/html; charset=utf-8';

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller('evaluations')
export class EvaluationPagesController {
  constructor(
    private readonly models: EvaluationPageModels,
    private readonly maps: MapReader,
    private readonly details: JobDetailQueries,
  ) {}

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

  @Get(':id/map')
  @Header('content-type', html)
  async map(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: MapPageQuery }) query: MapPageQuery,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const model = await this.maps.page(id<EvaluationId>(address.id), query);
    if (model.map === null) void reply.header('refresh', '1');
    return mapPage(model);
  }

  /** Where the job of a name is built, or what is known of it when it is not. */
  @Get(':id/job')
  @Redirect()
  async job(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: JobAddress }) { name, system }: JobAddress,
  ): Promise<{ url: string }> {
    const build = await this.details.buildOf(id<EvaluationId>(address.id), { name, system });
    if (build !== null) return { url: `/builds/${build}` };
    return { url: evaluationAddress(address.id, { kind: 'all', name, system }) };
  }
}
