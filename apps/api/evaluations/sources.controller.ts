/** The addresses of what it takes to do an evaluation again: the API's, and Cuirass's. */
import { Controller, Get, Param, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Id } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import { ResourceName } from '#protocol/specification.js';
import { EvaluationSources } from './evaluation-sources.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

const byFile = z.object({
  id: Id,
  file: z
    .string()
    .endsWith('.bundle', 'the name of a channel and .bundle')
    .transform((file) => file.slice(0, -'.bundle'.length))
    .pipe(ResourceName),
});
type ByFile = z.infer<typeof byFile>;

const bySpecification = z.object({ spec: ResourceName });
type BySpecification = z.infer<typeof bySpecification>;

@ApiTags('evaluations')
@Controller('api/v1/evaluations')
export class SourcesController {
  constructor(private readonly sources: EvaluationSources) {}

  /** For `guix time-machine -C`: the channels at their exact commits, with their introductions. */
  @Get(':id/channels.scm')
  @ApiProduces('text/plain')
  @ApiResponse({ status: 200, description: 'A list of channels in Scheme', type: String })
  @ApiResponse({ status: 404, standardSchema: Problem })
  channels(@Param({ schema: byId }) { id }: ById, @Res() reply: FastifyReply): Promise<void> {
    return this.sources.sendChannels(id, reply);
  }

  /** A git bundle of one channel as it then stood; of a private one for the admin alone. */
  @Get(':id/channels/:file')
  @ApiProduces('application/octet-stream')
  @ApiResponse({ status: 200, description: 'A git bundle', type: String })
  @ApiResponse({ status: 401, standardSchema: Problem })
  @ApiResponse({ status: 404, standardSchema: Problem })
  @ApiResponse({ status: 503, standardSchema: Problem })
  bundle(
    @Param({ schema: byFile }) { id, file }: ByFile,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.sources.sendBundle(id, file, { request, reply });
  }
}

@ApiExcludeController()
@Controller('eval')
export class CuirassSourcesController {
  constructor(private readonly sources: EvaluationSources) {}

  @Get('latest/channels.scm')
  latest(
    @Query({ schema: bySpecification }) { spec }: BySpecification,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.sources.sendLatestChannels(spec, reply);
  }

  @Get(':id/channels.scm')
  channels(@Param({ schema: byId }) { id }: ById, @Res() reply: FastifyReply): Promise<void> {
    return this.sources.sendChannels(id, reply);
  }

  @Get(':id/channels/:file')
  bundle(
    @Param({ schema: byFile }) { id, file }: ByFile,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    return this.sources.sendBundle(id, file, { request, reply });
  }
}
