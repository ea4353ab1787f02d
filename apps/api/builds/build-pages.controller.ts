/** The pages of one build. */
import { Controller, Get, Header, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { z } from 'zod';
import { id, type BuildId } from '#domain/ids.js';
import { GraphQuery } from '#protocol/api/build-story.js';
import { Id } from '#protocol/api/page.js';
import { buildPage } from '#views/build.js';
import { graphPage } from '#views/graph.js';
import { Notices } from '../pages/notices.js';
import { BuildPageModels } from './build-page-models.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const html = 'text/html; charset=utf-8';

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller('builds')
export class BuildPagesController {
  constructor(private readonly models: BuildPageModels) {}

  @Get(':id')
  @Header('content-type', html)
  async build(@Param({ schema: byId }) address: ById): Promise<string> {
    return buildPage(await this.models.build(id<BuildId>(address.id)));
  }

  @Get(':id/graph')
  @Header('content-type', html)
  async graph(
    @Param({ schema: byId }) address: ById,
    @Query({ schema: GraphQuery }) query: GraphQuery,
  ): Promise<string> {
    return graphPage(await this.models.graph(id<BuildId>(address.id), query));
  }
}
