/** `/api/v1/notifications`: what was told to whom. Addresses of people stand there: all admin's. */
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '#adapters/postgres/database.js';
import { NotificationLog } from '#adapters/postgres/notification-log.js';
import type { Bus } from '#application/ports/bus.js';
import {
  NotificationDetail,
  NotificationList,
  NotificationQuery,
  TrialList,
  TrialRequest,
} from '#protocol/api/notification.js';
import { Id, type Page } from '#protocol/api/page.js';
import { Problem } from '#protocol/api/problem.js';
import type { NotificationAnswer } from '#protocol/api/notification.js';
import { BUS } from '../farm/tokens.js';
import { Requires } from '../access/requires.js';
import { MessageDesk } from './message-desk.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('notifications')
@ApiBearerAuth()
@Requires('notification.manage', 'notification/:id')
@ApiResponse({ status: 401, standardSchema: Problem })
@Controller('api/v1/notifications')
export class NotificationsController {
  private readonly desk: MessageDesk;

  constructor(database: Database, @Inject(BUS) bus: Bus) {
    this.desk = new MessageDesk(new NotificationLog(database), bus);
  }

  @Get()
  @ApiOperation({ summary: 'Messages to receivers, newest first' })
  @ApiResponse({ status: 200, standardSchema: NotificationList })
  list(
    @Query({ schema: NotificationQuery }) query: NotificationQuery,
  ): Promise<Page<NotificationAnswer>> {
    return this.desk.log.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One message, with what its receiver answered to each try' })
  @ApiResponse({ status: 200, standardSchema: NotificationDetail })
  @ApiResponse({ status: 404, standardSchema: Problem })
  one(@Param({ schema: byId }) { id }: ById): Promise<NotificationDetail> {
    return this.desk.one(id);
  }

  @Post(':id/resend')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send it now, as if it had never been tried' })
  @ApiResponse({ status: 202, standardSchema: NotificationDetail })
  @ApiResponse({ status: 404, standardSchema: Problem })
  @ApiResponse({ status: 409, standardSchema: Problem })
  async resend(@Param({ schema: byId }) { id }: ById): Promise<NotificationDetail> {
    await this.desk.resend(id);
    return this.desk.one(id);
  }

  @Post('test')
  @Requires('notification.manage', 'specification/=specification')
  @HttpCode(202)
  @ApiOperation({ summary: 'Tell every receiver of a specification that this is a trial' })
  @ApiResponse({ status: 202, standardSchema: TrialList })
  @ApiResponse({ status: 404, standardSchema: Problem })
  @ApiResponse({ status: 422, standardSchema: Problem })
  async test(@Body({ schema: TrialRequest }) { specification }: TrialRequest): Promise<TrialList> {
    return { items: [...(await this.desk.begin(specification))] };
  }
}
