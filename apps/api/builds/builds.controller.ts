/** `/api/v1/builds`: one wish to realise one derivation, with its neighbours. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { BuildSearch } from '#adapters/postgres/build-search.js';
import { Database } from '#adapters/postgres/database.js';
import { NeighbourQueries, type Direction } from '#adapters/postgres/neighbour-queries.js';
import { id, type BuildId } from '#domain/ids.js';
import { parseBuildQuery, type QueryError } from '#domain/search/build-query.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { BuildAnswer, BuildsQuery, BuildSummary } from '#protocol/api/build.js';
import { Id, PageQuery, pageOf, type Page } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { BuildReader } from './build-reader.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('builds')
@Controller('api/v1/builds')
export class BuildsController {
  private readonly search: BuildSearch;

  constructor(
    private readonly queries: BuildQueries,
    private readonly reader: BuildReader,
    private readonly neighbours: NeighbourQueries,
    database: Database,
  ) {
    this.search = new BuildSearch(database);
  }

  /** Newest first. */
  @Get()
  @ApiResponse({ status: 200, standardSchema: pageOf(BuildSummary) })
  @ApiResponse({ status: 400, standardSchema: Problem })
  list(@Query({ schema: BuildsQuery }) query: BuildsQuery): Promise<Page<BuildSummary>> {
    if (query.q === undefined) return this.queries.list(query);
    const parsed = parseBuildQuery(query.q, Date.now());
    if (!parsed.ok) throw notUnderstood(parsed.error);
    const before = query.cursor === undefined ? null : Number(query.cursor);
    return this.search.find(parsed.value, { before, limit: query.limit });
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

  private async neighboursOf(
    address: ById,
    direction: Direction,
    query: PageQuery,
  ): Promise<Page<BuildSummary>> {
    const build = id<BuildId>(address.id);
    if (!(await this.queries.standing(build))) throw notFound(`build ${build}`);
    return this.neighbours.page(build, direction, query);
  }
}

function notUnderstood({ column, message }: QueryError): ProblemException {
  const detail = `The query is not understood at character ${column}: ${message}.`;
  return new ProblemException({ status: 400, kind: 'invalid-query', detail });
}
