/** `/admin/repositories`: followed, looked at now, left. */
import { Controller, Get, Header, Inject, Param, Post, Req, Res, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Database } from '#adapters/postgres/database.js';
import { PostgresFollowedRepositories } from '#adapters/postgres/followed-repositories.js';
import type { Bus } from '#application/ports/bus.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { RepositoryRequest } from '#protocol/api/repository.js';
import { ResourceName } from '#protocol/specification.js';
import { filled, type Filled } from '#views/admin/fields.js';
import { leaveRepositoryPage, repositoriesPage } from '#views/admin/repositories.js';
import { Requires } from '../access/requires.js';
import { BUS } from '../farm/tokens.js';
import { AdminErrors, html, orFormAgain, seeOther, visitOf } from './admin-answers.js';
import { formOf } from './admin-form.js';
import { checked, said } from './checked.js';

const named = z.object({ name: ResourceName });
type Named = z.infer<typeof named>;
const here = '/admin/repositories';

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/repositories')
export class AdminRepositoriesController {
  private readonly repositories: PostgresFollowedRepositories;

  constructor(
    database: Database,
    @Inject(BUS) private readonly bus: Bus,
  ) {
    this.repositories = new PostgresFollowedRepositories(database);
  }

  @Get()
  @Requires('admin.see')
  @Header('content-type', html)
  list(@Req() request: FastifyRequest): Promise<string> {
    return this.page(request, filled());
  }

  @Post()
  @Requires('repository.manage', 'repository/=name')
  async follow(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const values = formOf(request);
    const follow = async (): Promise<string> => {
      const wish = checked(RepositoryRequest, requestOf(values));
      if (!(await this.repositories.add(wish))) {
        const detail = `A repository ${wish.name} is followed already.`;
        throw new ProblemException({
          ...{ status: 409, kind: 'name-taken', detail },
          errors: [{ pointer: '/name', detail }],
        });
      }
      await this.bus.publish('repositories', wish.name);
      return wish.name;
    };
    const of = await orFormAgain(follow, (faults) => this.page(request, { values, faults }));
    return seeOther(reply, { address: here, done: 'added', of });
  }

  @Post('look/:name')
  @Requires('repository.manage', 'repository/:name')
  async look(
    @Param({ schema: named }) { name }: Named,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if (!(await this.repositories.hurry(name))) throw notFound(`repository ${name}`);
    await this.bus.publish('repositories', name);
    return seeOther(reply, { address: here, done: 'looked', of: name });
  }

  @Get('leave/:name')
  @Requires('repository.manage')
  @Header('content-type', html)
  sure(@Param({ schema: named }) { name }: Named, @Req() request: FastifyRequest): string {
    return leaveRepositoryPage(visitOf(request), name);
  }

  @Post('leave/:name')
  @Requires('repository.manage', 'repository/:name')
  async leave(
    @Param({ schema: named }) { name }: Named,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    if (!(await this.repositories.remove(name))) throw notFound(`repository ${name}`);
    return seeOther(reply, { address: here, done: 'removed', of: name });
  }

  private async page(request: FastifyRequest, form: Filled): Promise<string> {
    const repositories = await this.repositories.list();
    return repositoriesPage({ visit: visitOf(request), repositories, form });
  }
}

function requestOf(values: URLSearchParams): object {
  const lines = (values.get('files') ?? '').split('\n').map((line) => line.trim());
  return {
    ...said(values, 'name', 'url', 'branch', 'credential'),
    files: lines.filter((line) => line !== ''),
    adopt: values.get('adopt') === 'on',
  };
}
