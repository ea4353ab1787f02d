/** The page of a specification. */
import { Controller, Get, Header, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { z } from 'zod';
import { TrendQuery } from '#protocol/api/commit.js';
import { Id } from '#protocol/api/page.js';
import { ResourceName } from '#protocol/specification.js';
import { specificationPage } from '#views/specification.js';
import { Notices } from '../pages/notices.js';
import { SpecificationPageModels } from './specification-page-models.js';

const byName = z.object({ name: ResourceName });
const Shown = z.object({ cursor: Id.optional(), good: TrendQuery.shape.percent });

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller('specifications')
export class SpecificationPagesController {
  constructor(private readonly models: SpecificationPageModels) {}

  @Get(':name')
  @Header('content-type', 'text/html; charset=utf-8')
  async specification(
    @Param({ schema: byName }) { name }: z.infer<typeof byName>,
    @Query({ schema: Shown }) shown: z.infer<typeof Shown>,
  ): Promise<string> {
    return specificationPage(await this.models.read(name, shown));
  }
}
