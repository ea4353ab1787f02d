/** The dashboard: every page is read, drawn and sent; no page writes. */
import { Controller, Get, Header, Param, Query, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { z } from 'zod';
import { Id } from '#protocol/api/page.js';
import { ResourceName } from '#protocol/specification.js';
import { queuePage } from '#views/queue.js';
import { specificationPage } from '#views/specification.js';
import { workersPage } from '#views/workers.js';
import { Notices } from './notices.js';
import { OverviewModels, PageModels } from './page-models.js';

const byName = z.object({ name: ResourceName });
const OlderQuery = z.object({ cursor: Id.optional() });

const html = 'text/html; charset=utf-8';

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller()
export class PagesController {
  constructor(
    private readonly overview: OverviewModels,
    private readonly models: PageModels,
  ) {}

  @Get('workers')
  @Header('content-type', html)
  async workers(): Promise<string> {
    return workersPage(await this.overview.workersPage());
  }

  @Get('queue')
  @Header('content-type', html)
  async queue(): Promise<string> {
    return queuePage(await this.overview.queuePage());
  }

  @Get('specifications/:name')
  @Header('content-type', html)
  async specification(
    @Param({ schema: byName }) { name }: z.infer<typeof byName>,
    @Query({ schema: OlderQuery }) { cursor }: z.infer<typeof OlderQuery>,
  ): Promise<string> {
    return specificationPage(await this.models.specification(name, cursor));
  }
}
