/** `/api/v1/builds/ID/log`: what a build's attempts said, raw, by lines, by phases, searched. */
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { LogStore } from '#application/ports/log-store.js';
import { id, type BuildId } from '#domain/ids.js';
import {
  AttemptQuery,
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
import { LogStream, StreamQuery } from './log-stream.js';
import { LogsOf } from './logs-of.js';
import { sendLog } from './send-log.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('builds')
@ApiResponse({ status: 404, standardSchema: Problem })
@Controller('api/v1/builds/:id/log')
export class BuildLogsController {
  constructor(
    private readonly of: LogsOf,
    private readonly library: LogLibrary,
    private readonly stream: LogStream,
    @Inject(LOG_STORE) private readonly logs: LogStore,
  ) {}

  /** The log of one attempt, the last unless told; takes a byte Range. */
  @Get()
  @ApiProduces('text/plain')
  @ApiResponse({ status: 200, description: 'The log', type: String })
  @ApiResponse({ status: 410, standardSchema: Problem })
  async log(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: LogQuery }) { attempt, lines, download }: LogQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const log = await this.of.build(address.id, attempt);
    const span = await this.library.span(log, lines);
    const exchange = { request, reply };
    await sendLog(this.logs, { log, span, download: download === 'true' }, exchange);
  }

  /** By number; the last ones unless told where to begin. */
  @Get('lines')
  @ApiResponse({ status: 200, standardSchema: LogLines })
  async lines(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: LinesQuery }) query: LinesQuery,
  ): Promise<LogLines> {
    return this.library.lines(await this.of.build(address.id, query.attempt), query);
  }

  /** The phases of Guix and Nix, and where the log tells errors. */
  @Get('phases')
  @ApiResponse({ status: 200, standardSchema: LogPhases })
  async phases(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: AttemptQuery }) query: AttemptQuery,
  ): Promise<LogPhases> {
    return this.library.phases(await this.of.build(address.id, query.attempt));
  }

  /** Over all of it: the numbers of the lines in which the words stand. */
  @Get('search')
  @ApiResponse({ status: 200, standardSchema: LogFound })
  @ApiResponse({ status: 422, standardSchema: Problem })
  @ApiResponse({ status: 503, standardSchema: Problem })
  async search(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: LogSearchQuery }) query: LogSearchQuery,
  ): Promise<LogFound> {
    return this.library.search(await this.of.build(address.id, query.attempt), query);
  }

  /** Server-sent events; the id of each is the offset of the next byte. */
  @Get('stream')
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', description: 'Byte offset to go on from', required: false })
  @ApiResponse({ status: 200, description: 'Events: attempt, log, end', type: String })
  async live(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: StreamQuery }) query: StreamQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.stream.open(id<BuildId>(address.id), query, { request, reply });
  }
}
