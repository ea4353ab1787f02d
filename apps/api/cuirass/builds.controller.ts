/** `/build/…` and `/output/…`: one build for programs, its page for people, its log for both. */
import { Controller, Get, Param, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { dependsOnAccept, redirect, sendJson, wantsPage } from './answers.js';
import { CuirassReader } from './cuirass-reader.js';
import { RawLogs } from './raw-logs.js';
import { CuirassErrors, CuirassRefusal, resourceNotFound, unknownBuild } from './refusals.js';

@ApiExcludeController()
@UseFilters(CuirassErrors)
@Controller()
export class CuirassBuildsController {
  constructor(
    private readonly reader: CuirassReader,
    private readonly logs: RawLogs,
  ) {}

  /** By number or by the base name of the `.drv`. */
  @Get('build/:id')
  async build(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    dependsOnAccept(reply);
    if (wantsPage(request)) return this.page(id, reply);
    const build = await this.reader.build(id);
    if (!build) throw unknownBuild(id);
    await sendJson(reply, build);
  }

  @Get('build/:id/details')
  details(@Param('id') id: string, @Res() reply: FastifyReply): Promise<void> {
    return this.page(id, reply);
  }

  @Get('build/:id/log')
  async log(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const build = await this.reader.buildId(id);
    if (!build) throw resourceNotFound(request.url);
    await redirect(reply, `/builds/${build.id}#log`);
  }

  @Get('build/:id/log/raw')
  async rawLog(
    @Param('id') id: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.logs.send(/^\d{1,15}$/.test(id) ? await this.logs.ofBuild(Number(id)) : null, {
      request,
      reply,
    });
  }

  /** By the base name of its path. */
  @Get('output/:basename')
  async output(@Param('basename') basename: string, @Res() reply: FastifyReply): Promise<void> {
    const output = await this.reader.output(basename);
    if (!output) throw new CuirassRefusal(404, `Output with ID ${basename} doesn't exist.`);
    await sendJson(reply, output);
  }

  /** As `guix publish` has it. */
  @Get('log/:basename')
  async logOf(
    @Param('basename') basename: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    await this.logs.send(await this.logs.ofPath(basename), { request, reply });
  }

  private async page(id: string, reply: FastifyReply): Promise<void> {
    const build = await this.reader.buildId(id);
    if (!build) throw unknownBuild(id);
    await redirect(reply, `/builds/${build.id}`);
  }
}
