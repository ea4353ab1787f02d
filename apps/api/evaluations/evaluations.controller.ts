/** `/api/v1/evaluations`: what was read of a specification, and its jobs. */
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import type { Bus } from '#application/ports/bus.js';
import type { PollStore } from '#application/ports/poll-store.js';
import { id, type EvaluationId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import {
  EvaluationAnswer,
  EvaluationsQuery,
  JobAnswer,
  JobsQuery,
} from '#protocol/api/evaluation.js';
import { Id, pageOf, type Page } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { BUS, RETRIES } from '../farm/tokens.js';
import { EvaluationReader } from './evaluation-reader.js';
import { Requires } from '../access/requires.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('evaluations')
@Controller('api/v1/evaluations')
export class EvaluationsController {
  constructor(
    private readonly queries: EvaluationQueries,
    private readonly reader: EvaluationReader,
    @Inject(RETRIES) private readonly retries: Pick<PollStore, 'retry'>,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  /** Newest first. */
  @Get()
  @ApiResponse({ status: 200, standardSchema: pageOf(EvaluationAnswer) })
  list(
    @Query({ schema: EvaluationsQuery }) query: EvaluationsQuery,
  ): Promise<Page<EvaluationAnswer>> {
    return this.queries.list(query);
  }

  @Get(':id')
  @ApiResponse({ status: 200, standardSchema: EvaluationAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(@Param({ schema: byId }) address: ById): Promise<EvaluationAnswer> {
    const found = await this.reader.find(id<EvaluationId>(address.id));
    if (!found) throw notFound(`evaluation ${address.id}`);
    return found;
  }

  /** In the order in which the evaluation told them. */
  @Get(':id/jobs')
  @ApiResponse({ status: 200, standardSchema: pageOf(JobAnswer) })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async jobs(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: JobsQuery }) query: JobsQuery,
  ): Promise<Page<JobAnswer>> {
    await this.known(address);
    return this.queries.jobs(id<EvaluationId>(address.id), query);
  }

  /** Reads the same version at the same checkouts once more, as a new evaluation. */
  @Post(':id/retry')
  @Requires('evaluation.trigger', 'evaluation/:id')
  @HttpCode(201)
  @ApiBearerAuth()
  @ApiResponse({ status: 201, standardSchema: EvaluationAnswer })
  @ApiResponse({ status: 401, standardSchema: Problem })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async retry(
    @Param({ schema: byId }) address: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EvaluationAnswer> {
    const again = await this.retries.retry(id<EvaluationId>(address.id));
    if (again === null) throw notFound(`evaluation ${address.id}`);
    await this.bus.publish('evaluations', '');
    void reply.header('location', `/api/v1/evaluations/${again}`);
    return this.known({ id: String(again) });
  }

  private async known(address: ById): Promise<EvaluationAnswer> {
    const found = await this.queries.find(id<EvaluationId>(address.id));
    if (!found) throw notFound(`evaluation ${address.id}`);
    return found;
  }
}
