/** `/packages` for people, `/api/v1/packages` for programs. */
import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiExcludeEndpoint, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { notFound } from '#nest/problem.js';
import { PackageAnswer, PackagesAnswer, PackagesQuery } from '#protocol/api/package.js';
import { Problem } from '#protocol/api/problem.js';
import { packagePage, packagesPage } from '#views/packages.js';
import { PackageReader } from './package-reader.js';

const byName = z.object({ name: z.string().min(1).max(255) });
type ByName = z.infer<typeof byName>;
const html = 'text/html; charset=utf-8';

@ApiTags('packages')
@Controller()
export class PackagesController {
  constructor(private readonly packages: PackageReader) {}

  /** By name. */
  @Get('api/v1/packages')
  @ApiResponse({ status: 200, standardSchema: PackagesAnswer })
  list(@Query({ schema: PackagesQuery }) query: PackagesQuery): Promise<PackagesAnswer> {
    return this.packages.names(query);
  }

  /** For each system the newest build, and the newest that can be downloaded. */
  @Get('api/v1/packages/:name')
  @ApiResponse({ status: 200, standardSchema: PackageAnswer })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async find(@Param({ schema: byName }) { name }: ByName): Promise<PackageAnswer> {
    const found = await this.packages.find(name);
    if (!found) throw notFound(`package ${name}`);
    return found;
  }

  @Get('packages')
  @ApiExcludeEndpoint()
  @Header('content-type', html)
  async listPage(@Query({ schema: PackagesQuery }) query: PackagesQuery): Promise<string> {
    return packagesPage({ query, packages: await this.packages.names(query) });
  }

  @Get('packages/:name')
  @ApiExcludeEndpoint()
  @Header('content-type', html)
  async page(@Param({ schema: byName }) { name }: ByName): Promise<string> {
    const found = await this.packages.find(name);
    if (!found) throw notFound(`package ${name}`);
    return packagePage(found, new Date());
  }
}
