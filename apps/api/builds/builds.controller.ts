/** `/api/v1/builds`: one wish to realise one derivation, with its neighbours. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { BuildQueries } from '#adapters/postgres/build-queries.js';
import { NeighbourQueries, type Direction } from '#adapters/postgres/neighbour-queries.js';
import { id, type BuildId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { BuildAnswer, BuildsQuery, BuildSummary } from '#protocol/api/build.js';
import { Id, PageQuery, pageOf, type Page } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { BuildReader } from './build-reader.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('builds')
@Controller('api/v1/builds')
export class BuildsController {
  constructor(
    private readonly queries: BuildQueries,
    private readonly reader: BuildReader,
    private readonly neighbours: NeighbourQueries,
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
