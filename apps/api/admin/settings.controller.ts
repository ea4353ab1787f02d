/** `/admin/settings` and `/admin/keys`: as the farm reads them; changed elsewhere. */
import { Controller, Get, Header, Inject, Req, UseFilters } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Settings } from '#nest/settings.js';
import { keysPage, settingsPage } from '#views/admin/settings.js';
import { Requires } from '../access/requires.js';
import { SETTINGS } from '../farm/tokens.js';
import { UseReader } from '../use/use-reader.js';
import { AdminErrors, html, visitOf } from './admin-answers.js';
import { shownSettings } from './shown-settings.js';

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin')
export class AdminSettingsController {
  constructor(
    private readonly use: UseReader,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {}

  @Get('settings')
  @Requires('audit.read')
  @Header('content-type', html)
  show(@Req() request: FastifyRequest): string {
    return settingsPage({ visit: visitOf(request), settings: shownSettings(this.settings) });
  }

  @Get('keys')
  @Requires('admin.see')
  @Header('content-type', html)
  async keys(@Req() request: FastifyRequest): Promise<string> {
    return keysPage({ visit: visitOf(request), stores: (await this.use.read()).stores });
  }
}
