/** `/api/v1/builds/ID/…`: the builds of its job before it, its closure, and its neighbourhood. */
import { Controller, Get, Param, Query } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { NeighbourQueries } from '#adapters/postgres/neighbour-queries.js';
import { id, type BuildId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import {
  BuildHistoryAnswer,
  ClosureAnswer,
  GraphAnswer,
  GraphQuery,
} from '#protocol/api/build-story.js';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { StoryReader } from './story-reader.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('builds')
@Controller('api/v1/builds')
export class StoryController {
  constructor(
    private readonly stories: StoryReader,
    private readonly builds: NeighbourQueries,
  ) {}

  /** Results of the same job before: since when it is as it is, and how long builds took. */
  @Get(':id/history')
  @ApiResponse({ status: 200, standardSchema: BuildHistoryAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async history(@Param({ schema: byId }) address: ById): Promise<BuildHistoryAnswer> {
    const build = await this.builds.summary(Number(address.id));
    if (!build) throw notFound(`build ${address.id}`);
    return this.stories.history(build);
  }

  /** What comes with each output that is offered. */
  @Get(':id/closure')
  @ApiResponse({ status: 200, standardSchema: ClosureAnswer })
  closure(@Param({ schema: byId }) address: ById): Promise<ClosureAnswer> {
    return this.stories.closure(id<BuildId>(address.id));
  }

  /** Builds around it, the way to what it failed by first. */
  @Get(':id/graph')
  @ApiResponse({ status: 200, standardSchema: GraphAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async graph(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: GraphQuery }) query: GraphQuery,
  ): Promise<GraphAnswer> {
    const graph = await this.stories.graph(id<BuildId>(address.id), query);
    if (!graph) throw notFound(`build ${address.id}`);
    return graph;
  }
}
