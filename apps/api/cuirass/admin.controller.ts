/**
 * What Cuirass's `/admin` changes, for who shows the admin token. What it lets a GET change, a POST
 * to the same address changes here: a link, a prefetch or another site's image must not.
 */
import {
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Bus } from '#application/ports/bus.js';
import type { PollStore } from '#application/ports/poll-store.js';
import { id as idOf, type BuildId, type EvaluationId } from '#domain/ids.js';
import { BUS, RETRIES } from '../farm/tokens.js';
import { Requires } from '../access/requires.js';
import { Wishes } from '../wishes/wishes.js';
import { redirect } from './answers.js';
import { CuirassReader } from './cuirass-reader.js';
import { CuirassErrors, CuirassRefusal, unknownBuild, unknownEvaluation } from './refusals.js';
import { wholeNumber } from './request-parameters.js';

const addressesOfChanges = [
  'admin/build/:id/restart',
  'admin/evaluation/:id/:change',
  'admin/specifications/:change/:name',
  'admin/specification/:change',
];

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class CuirassAdminController {
  constructor(
    private readonly reader: CuirassReader,
    private readonly wishes: Wishes,
    @Inject(RETRIES) private readonly retries: Pick<PollStore, 'retry'>,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  @Get(addressesOfChanges)
  refuseGet(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): never {
    void reply.header('allow', 'POST, OPTIONS');
    const path = request.url.split('?')[0];
    throw new CuirassRefusal(
      405,
      `A GET changes nothing here: POST ${path} does it, with the admin token.`,
    );
  }

  @Post('admin/build/:id/restart')
  @Requires('build.restart', 'build/:id')
  @HttpCode(302)
  async restartBuild(@Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    const number = wholeNumber(id);
    const build = number === null ? null : await this.reader.buildId(id);
    if (!build) throw unknownBuild(id);
    await this.wishes.restartBuild(idOf<BuildId>(build.id), true);
    await redirect(reply, `/build/${build.id}/details`);
  }

  /** Those of its builds that no other live evaluation needs. */
  @Post('admin/evaluation/:id/cancel')
  @Requires('evaluation.cancel', 'evaluation/:id')
  async cancel(@Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    await this.change(id, reply, (evaluation) => this.wishes.cancelEvaluation(evaluation));
  }

  /** All that failed or was canceled; what succeeded stays. */
  @Post('admin/evaluation/:id/restart')
  @Requires('evaluation.restart', 'evaluation/:id')
  async restart(@Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    await this.change(id, reply, (evaluation) => this.wishes.restartEvaluation(evaluation, 'all'));
  }

  /** Reads the same checkouts once more, as a new evaluation. */
  @Post('admin/evaluation/:id/retry')
  @Requires('evaluation.trigger', 'evaluation/:id')
  async retry(@Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    await this.change(id, reply, async (evaluation) => {
      await this.retries.retry(evaluation);
      await this.bus.publish('evaluations', '');
    });
  }

  private async change(
    id: string,
    reply: FastifyReply,
    change: (evaluation: EvaluationId) => Promise<unknown>,
  ): Promise<void> {
    const number = wholeNumber(id);
    const found = number === null ? null : await this.reader.evaluations.find(number);
    if (!found) throw unknownEvaluation(id, 'json');
    await change(idOf<EvaluationId>(found.id));
    await redirect(reply, `/jobset/${encodeURIComponent(found.specification)}`);
  }
}
