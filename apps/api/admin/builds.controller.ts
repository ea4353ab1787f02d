/** `/admin/builds/ID`: restarted, canceled, brought to the front. */
import { Controller, Get, Header, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { id as idOf, type BuildId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { RestartBuildRequest } from '#protocol/api/wish.js';
import { adminBuildPage } from '#views/admin/build.js';
import { Requires } from '../access/requires.js';
import { BuildReader } from '../builds/build-reader.js';
import { Wishes } from '../wishes/wishes.js';
import { AdminErrors, html, seeOther, visitOf } from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';
import { checked, said } from './checked.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/builds')
export class AdminBuildsController {
  constructor(
    private readonly builds: BuildReader,
    private readonly wishes: Wishes,
  ) {}

  @Get(':id')
  @Requires('admin.see')
  @Header('content-type', html)
  async show(@Param({ schema: byId }) { id }: ById, @Req() request: FastifyRequest) {
    const build = await this.builds.find(idOf<BuildId>(id));
    if (!build) throw notFound(`build ${id}`);
    return adminBuildPage({ visit: visitOf(request), build });
  }

  @Post(':id/restart')
  @Requires('build.restart', 'build/:id')
  async restart(
    @Param({ schema: byId }) { id }: ById,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const { mode } = checked(RestartBuildRequest, said(formOf(request), 'mode'));
    const withDependents = mode === 'with-failed-dependents';
    const { intent } = await this.wishes.restartBuild(idOf<BuildId>(id), withDependents);
    return seeOther(reply, {
      ...{ address: addressOf(id), done: 'restarted', of: `build ${id}` },
      intent: intent?.id ?? null,
    });
  }

  @Post(':id/cancel')
  @Requires('build.cancel', 'build/:id')
  async cancel(
    @Param({ schema: byId }) { id }: ById,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const force = fieldIn(formOf(request), 'force') === 'on';
    await this.wishes.cancelBuild(idOf<BuildId>(id), force);
    return seeOther(reply, { address: addressOf(id), done: 'canceled', of: `build ${id}` });
  }

  @Post(':id/bump')
  @Requires('build.bump', 'build/:id')
  async bump(
    @Param({ schema: byId }) { id }: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.wishes.bumpBuild(idOf<BuildId>(id));
    return seeOther(reply, { address: addressOf(id), done: 'bumped', of: `build ${id}` });
  }
}

function addressOf(id: string): string {
  return `/admin/builds/${id}`;
}
