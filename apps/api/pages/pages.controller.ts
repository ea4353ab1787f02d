/** The dashboard: every page is read, drawn and sent; no page writes. */
import { Controller, Get, Header, UseInterceptors } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { queuePage } from '#views/queue.js';
import { workersPage } from '#views/workers.js';
import { Notices } from './notices.js';
import { OverviewModels } from './page-models.js';

const html = 'text/html; charset=utf-8';

@ApiExcludeController()
@UseInterceptors(Notices)
@Controller()
export class PagesController {
  constructor(private readonly overview: OverviewModels) {}

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
}
