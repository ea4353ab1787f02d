/** The pages of logs: of a build's attempts, and of an evaluation. */
import { Controller, Get, Header, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { z } from 'zod';
import { Id } from '#protocol/api/page.js';
import { logPage } from '#views/log-page.js';
import { withoutEmpty } from '../pages/form-query.js';
import { Notices } from '../pages/notices.js';
import { LogPageModels } from './log-page-models.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const flag = z.enum(['true', 'false']).default('false');

const LogPageQuery = z.preprocess(
  withoutEmpty,
  z.object({
    attempt: Id.optional(),
    from: z.coerce.number().int().min(1).max(1e12).optional(),
    q: z.string().max(500).optional(),
    regex: flag,
    case: flag,
  }),
);
type LogPageQuery = z.infer<typeof LogPageQuery>;

const html = 'text/html; charset=utf-8';

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller()
export class LogPagesController {
  constructor(private readonly models: LogPageModels) {}

  @Get('builds/:id/log')
  @Header('content-type', html)
  async build(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: LogPageQuery }) query: LogPageQuery,
  ): Promise<string> {
    return logPage(await this.models.build(address.id, query));
  }

  @Get('evaluations/:id/log')
  @Header('content-type', html)
  async evaluation(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: LogPageQuery }) query: LogPageQuery,
  ): Promise<string> {
    return logPage(await this.models.evaluation(address.id, query));
  }
}
