/** `/admin/evaluations` and `/admin/intents`: canceled, restarted, read again. */
import {
  Controller,
  Get,
  Header,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EvaluationQueries } from '#adapters/postgres/evaluation-queries.js';
import type { Bus } from '#application/ports/bus.js';
import type { PollStore } from '#application/ports/poll-store.js';
import { id as idOf, type EvaluationId, type IntentId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import type { EvaluationAnswer } from '#protocol/api/evaluation.js';
import { Id } from '#protocol/api/page.js';
import { RestartEvaluationRequest } from '#protocol/api/wish.js';
import { ResourceName } from '#protocol/specification.js';
import { confirmPage } from '#views/admin/confirm.js';
import { adminEvaluationPage, adminEvaluationsPage, intentPage } from '#views/admin/evaluations.js';
import { Requires } from '../access/requires.js';
import { BUS, RETRIES } from '../farm/tokens.js';
import { Wishes } from '../wishes/wishes.js';
import { AdminErrors, html, seeOther, visitOf } from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { checked } from './checked.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const ListQuery = z.object({ cursor: Id.optional(), specification: ResourceName.optional() });
const here = '/admin/evaluations';
const atOnce = 20;

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin')
export class AdminEvaluationsController {
  constructor(
    private readonly evaluations: EvaluationQueries,
    private readonly wishes: Wishes,
    @Inject(RETRIES) private readonly retries: Pick<PollStore, 'retry'>,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  @Get('evaluations')
  @Requires('admin.see')
  @Header('content-type', html)
  async list(
    @Query({ schema: ListQuery }) query: z.infer<typeof ListQuery>,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const { items, next } = await this.evaluations.list({ ...query, limit: atOnce });
    const specification = query.specification ?? null;
    return adminEvaluationsPage({
      ...{ visit: visitOf(request), specification, evaluations: items, next },
    });
  }

  @Get('evaluations/:id')
  @Requires('admin.see')
  @Header('content-type', html)
  async show(@Param({ schema: byId }) { id }: ById, @Req() request: FastifyRequest) {
    return adminEvaluationPage({ visit: visitOf(request), evaluation: await this.found(id) });
  }

  @Get('evaluations/:id/cancel')
  @Requires('evaluation.cancel', 'evaluation/:id')
  @Header('content-type', html)
  async sure(@Param({ schema: byId }) { id }: ById, @Req() request: FastifyRequest) {
    const { specification, status } = await this.found(id);
    return confirmPage({
      ...{ visit: visitOf(request), here, word: 'Cancel it', back: `${here}/${id}` },
      question: `Cancel evaluation ${id} of ${specification.name}?`,
      consequences: [
        ...(status === 'started' ? ['It is not read to its end.'] : []),
        'Builds that no other live evaluation needs are canceled; those that run are ended.',
        'It can be restarted later, if it was read to its end.',
      ],
      to: `${here}/${id}/cancel`,
    });
  }

  @Post('evaluations/:id/cancel')
  @Requires('evaluation.cancel', 'evaluation/:id')
  async cancel(
    @Param({ schema: byId }) { id }: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { id: intent } = await this.wishes.cancelEvaluation(idOf<EvaluationId>(id));
    const of = `evaluation ${id}`;
    return seeOther(reply, { address: `${here}/${id}`, done: 'canceled', of, intent });
  }

  @Post('evaluations/:id/restart')
  @Requires('evaluation.restart', 'evaluation/:id')
  async restart(
    @Param({ schema: byId }) { id }: ById,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const asked = { failures: fieldIn(formOf(request), 'failures') || 'all' };
    const { failures } = checked(RestartEvaluationRequest, asked);
    const evaluation = idOf<EvaluationId>(id);
    const { id: intent } = await this.wishes.restartEvaluation(evaluation, failures);
    const of = `evaluation ${id}`;
    return seeOther(reply, { address: `${here}/${id}`, done: 'restarted', of, intent });
  }

  @Post('evaluations/:id/retry')
  @Requires('evaluation.trigger', 'evaluation/:id')
  async retry(
    @Param({ schema: byId }) { id }: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const again = await this.retries.retry(idOf<EvaluationId>(id));
    if (again === null) throw notFound(`evaluation ${id}`);
    await this.bus.publish('evaluations', '');
    const of = `evaluation ${id}`;
    return seeOther(reply, { address: `${here}/${again}`, done: 'retried', of });
  }

  @Get('intents/:id')
  @Requires('admin.see')
  @Header('content-type', html)
  async intent(@Param({ schema: byId }) { id }: ById, @Req() request: FastifyRequest) {
    const intent = await this.wishes.find(idOf<IntentId>(id));
    if (!intent) throw notFound(`intent ${id}`);
    return intentPage({ visit: visitOf(request), intent });
  }

  private async found(id: string): Promise<EvaluationAnswer> {
    const found = await this.evaluations.find(idOf<EvaluationId>(id));
    if (!found) throw notFound(`evaluation ${id}`);
    return found;
  }
}
