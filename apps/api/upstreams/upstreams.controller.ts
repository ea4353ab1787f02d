/** `/api/v1/upstreams`: substitute servers that are asked before building; reading is free. */
import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import {
  TrialAnswer,
  UpstreamAnswer,
  UpstreamList,
  UpstreamRequest,
  UpstreamTrial,
} from '#protocol/api/upstream.js';
import { Requires } from '../access/requires.js';
import { Upstreams } from './upstreams.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
/** A request without a body tries the server alone. */
const TrialBody = z.preprocess((body) => body ?? {}, UpstreamTrial);

@ApiTags('upstreams')
@Controller('api/v1/upstreams')
export class UpstreamsController {
  constructor(private readonly upstreams: Upstreams) {}

  @Get()
  @ApiResponse({ status: 200, standardSchema: UpstreamList })
  list(): Promise<UpstreamList> {
    return this.upstreams.catalog.list();
  }

  @Post()
  @Requires('upstream.manage', 'upstream/=url')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Ask a substitute server before anything is built' })
  @ApiResponse({ status: 201, standardSchema: UpstreamAnswer })
  @ApiResponse({ status: 409, standardSchema: Problem })
  @ApiResponse({ status: 422, standardSchema: Problem })
  add(@Body({ schema: UpstreamRequest }) request: UpstreamRequest): Promise<UpstreamAnswer> {
    return this.upstreams.add(request);
  }

  @Delete(':id')
  @Requires('upstream.manage', 'upstream/:id')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Ask it no more; what was fetched from it stays' })
  @ApiResponse({ status: 404, standardSchema: Problem })
  remove(@Param({ schema: byId }) { id }: ById): Promise<void> {
    return this.upstreams.remove(Number(id));
  }

  @Post(':id/try')
  @Requires('upstream.manage', 'upstream/:id')
  @HttpCode(200)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Ask it now, as for a build, and tell each step' })
  @ApiResponse({ status: 200, standardSchema: TrialAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  try(
    @Param({ schema: byId }) { id }: ById,
    @Body({ schema: TrialBody }) { path }: UpstreamTrial,
  ): Promise<TrialAnswer> {
    return this.upstreams.try(Number(id), path);
  }
}
