/** `/api/v1/repositories`: git repositories whose files say what specifications there are. */
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '#adapters/postgres/database.js';
import { PostgresFollowedRepositories } from '#adapters/postgres/followed-repositories.js';
import type { Bus } from '#application/ports/bus.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { Problem } from '#protocol/api/problem.js';
import { RepositoryAnswer, RepositoryList, RepositoryRequest } from '#protocol/api/repository.js';
import { ResourceName } from '#protocol/specification.js';
import { BUS } from '../farm/tokens.js';
import { Requires } from '../access/requires.js';

const named = z.object({ name: ResourceName });
type Named = z.infer<typeof named>;

@ApiTags('repositories')
@Controller('api/v1/repositories')
export class RepositoriesController {
  private readonly repositories: PostgresFollowedRepositories;

  constructor(
    database: Database,
    @Inject(BUS) private readonly bus: Bus,
  ) {
    this.repositories = new PostgresFollowedRepositories(database);
  }

  @Get()
  @ApiResponse({ status: 200, standardSchema: RepositoryList })
  async list(): Promise<z.infer<typeof RepositoryList>> {
    return { items: await this.repositories.list() };
  }

  @Get(':name')
  @ApiResponse({ status: 200, standardSchema: RepositoryAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(@Param({ schema: named }) { name }: Named): Promise<RepositoryAnswer> {
    const found = (await this.repositories.list()).find((one) => one.name === name);
    if (!found) throw notFound(`repository ${name}`);
    return found;
  }

  @Post()
  @Requires('repository.manage', 'repository/=name')
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Keep the specifications of its files from now on' })
  @ApiResponse({ status: 201, standardSchema: RepositoryAnswer })
  @ApiResponse({ status: 409, standardSchema: Problem })
  @ApiResponse({ status: 422, standardSchema: Problem })
  async follow(
    @Body({ schema: RepositoryRequest }) request: RepositoryRequest,
  ): Promise<RepositoryAnswer> {
    const { name } = request;
    if (!(await this.repositories.add(request))) {
      const detail = `A repository ${name} is followed already: choose another name.`;
      throw new ProblemException({ status: 409, kind: 'name-taken', detail });
    }
    await this.bus.publish('repositories', name);
    return this.find({ name });
  }

  @Delete(':name')
  @Requires('repository.manage', 'repository/:name')
  @HttpCode(204)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Follow it no more; its specifications stay, kept by nobody' })
  @ApiResponse({ status: 204 })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async leave(@Param({ schema: named }) { name }: Named): Promise<void> {
    if (!(await this.repositories.remove(name))) throw notFound(`repository ${name}`);
  }

  @Post(':name/look')
  @Requires('repository.manage', 'repository/:name')
  @HttpCode(202)
  @ApiBearerAuth()
  @ApiOperation({ summary: 'Look at it now' })
  @ApiResponse({ status: 202, standardSchema: RepositoryAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async look(@Param({ schema: named }) { name }: Named): Promise<RepositoryAnswer> {
    if (!(await this.repositories.hurry(name))) throw notFound(`repository ${name}`);
    await this.bus.publish('repositories', name);
    return this.find({ name });
  }
}
