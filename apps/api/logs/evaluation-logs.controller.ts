/** `/api/v1/evaluations/ID/log`: the evaluator's own words, raw, by lines, searched. */
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { LogStore } from '#application/ports/log-store.js';
import {
  LinesQuery,
  LogFound,
  LogLines,
  LogPhases,
  LogQuery,
  LogSearchQuery,
} from '#protocol/api/log.js';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { LOG_STORE } from '../farm/tokens.js';
import { LogLibrary } from './log-library.js';
import { LogsOf } from './logs-of.js';
import { sendLog } from './send-log.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const RawQuery = LogQuery.omit({ attempt: true });
const ByLines = LinesQuery.omit({ attempt: true });
const BySearch = LogSearchQuery.omit({ attempt: true });

@ApiTags('evaluations')
@ApiResponse({ status: 404, standardSchema: Problem })
@Controller('api/v1/evaluations/:id/log')
export class EvaluationLogsController {
  constructor(
    private readonly of: LogsOf,
    private readonly library: LogLibrary,
    @Inject(LOG_STORE) private readonly logs: LogStore,
  ) {}

  /** The evaluator's own words; takes a byte Range. */
  @Get()
  @ApiProduces('text/plain')
  @ApiResponse({ status: 200, description: 'The log', type: String })
  async log(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: RawQuery }) { lines, download }: z.infer<typeof RawQuery>,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const log = await this.of.evaluation(address.id);
    const span = await this.library.span(log, lines);
    const exchange = { request, reply };
    await sendLog(this.logs, { log, span, download: download === 'true' }, exchange);
  }

  /** By number; the last ones unless told where to begin. */
  @Get('lines')
  @ApiResponse({ status: 200, standardSchema: LogLines })
  async lines(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: ByLines }) query: z.infer<typeof ByLines>,
  ): Promise<LogLines> {
    return this.library.lines(await this.of.evaluation(address.id), query);
  }

  /** Where the log tells errors. */
  @Get('phases')
  @ApiResponse({ status: 200, standardSchema: LogPhases })
  async phases(@Param({ schema: byId }) address: ById): Promise<LogPhases> {
    return this.library.phases(await this.of.evaluation(address.id));
  }

  /** Over all of it: the numbers of the lines in which the words stand. */
  @Get('search')
  @ApiResponse({ status: 200, standardSchema: LogFound })
  @ApiResponse({ status: 422, standardSchema: Problem })
  @ApiResponse({ status: 503, standardSchema: Problem })
  async search(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: BySearch }) query: z.infer<typeof BySearch>,
  ): Promise<LogFound> {
    return this.library.search(await this.of.evaluation(address.id), query);
  }
}
