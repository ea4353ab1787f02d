/** `/api/v1/builds`: one wish to realise one derivation, with its neighbours, attempts and log. */
import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { NeighbourQueries, type Direction } from '#adapters/postgres/neighbour-queries.js';
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { id, type BuildId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { BuildAnswer, BuildsQuery, BuildSummary } from '#protocol/api/build.js';
import { Id, PageQuery, pageOf, type Page } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { LOG_STORE } from '../farm/tokens.js';
import { BuildReader } from './build-reader.js';
import { LogStream, StreamQuery } from './log-stream.js';
import { sendLog } from './send-log.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const LogQuery = z.object({ attempt: Id.optional() });
type LogQuery = z.infer<typeof LogQuery>;

@ApiTags('builds')
@Controller('api/v1/builds')
export class BuildsController {
  constructor(
    private readonly queries: BuildQueries,
    private readonly reader: BuildReader,
    private readonly neighbours: NeighbourQueries,
    private readonly stream: LogStream,
    @Inject(LOG_STORE) private readonly logs: LogStore,
  ) {}

  /** Newest first. */
  @Get()
  @ApiResponse({ status: 200, standardSchema: pageOf(BuildSummary) })
  list(@Query({ schema: BuildsQuery }) query: BuildsQuery): Promise<Page<BuildSummary>> {
    return this.queries.list(query);
  }

  @Get(':id')
  @ApiResponse({ status: 200, standardSchema: BuildAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(@Param({ schema: byId }) address: ById): Promise<BuildAnswer> {
    const found = await this.reader.find(id<BuildId>(address.id));
    if (!found) throw notFound(`build ${address.id}`);
    return found;
  }

  @Get(':id/inputs')
  @ApiResponse({ status: 200, standardSchema: pageOf(BuildSummary) })
  inputs(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<BuildSummary>> {
    return this.neighboursOf(address, 'inputs', query);
  }

  @Get(':id/dependents')
  @ApiResponse({ status: 200, standardSchema: pageOf(BuildSummary) })
  dependents(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: PageQuery }) query: PageQuery,
  ): Promise<Page<BuildSummary>> {
    return this.neighboursOf(address, 'dependents', query);
  }

  /** The log of one attempt, the last unless told; takes a byte Range. */
  @Get(':id/log')
  @ApiProduces('text/plain')
  @ApiResponse({ status: 200, description: 'The log', type: String })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async log(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: LogQuery }) query: LogQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await sendLog(this.logs, await this.logKey(address, query), { request, reply });
  }

  /** Server-sent events; the id of each is the offset of the next byte. */
  @Get(':id/log/stream')
  @ApiProduces('text/event-stream')
  @ApiHeader({ name: 'Last-Event-ID', description: 'Byte offset to go on from', required: false })
  @ApiResponse({ status: 200, description: 'Events: attempt, log, end', type: String })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async live(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: StreamQuery }) query: StreamQuery,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.stream.open(id<BuildId>(address.id), query, { request, reply });
  }

  private async neighboursOf(
    address: ById,
    direction: Direction,
    query: PageQuery,
  ): Promise<Page<BuildSummary>> {
    const build = id<BuildId>(address.id);
    if (!(await this.queries.standing(build))) throw notFound(`build ${build}`);
    return this.neighbours.page(build, direction, query);
  }

  /** Null when no attempt was made yet: the log is empty then. */
  private async logKey(address: ById, query: LogQuery): Promise<LogKey | null> {
    const build = id<BuildId>(address.id);
    const standing = await this.queries.standing(build);
    if (!standing) throw notFound(`build ${build}`);
    if (query.attempt === undefined) {
      return standing.attempt === null ? null : `attempt-${standing.attempt}`;
    }
    const attempts = await this.queries.attempts(build);
    const attempt = attempts.find((one) => one.id === query.attempt);
    if (!attempt) throw notFound(`attempt ${query.attempt} of build ${build}`);
    return `attempt-${Number(attempt.id)}`;
  }
}
