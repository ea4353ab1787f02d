/** `/api/v1/notifications`: what was told to whom. Addresses of people stand there: all admin's. */
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { Database } from '#adapters/postgres/database.js';
import { NotificationLog } from '#adapters/postgres/notification-log.js';
import type { Bus } from '#application/ports/bus.js';
import { id as idOf, type DeliveryId } from '#domain/ids.js';
import { notFound, ProblemException } from '#nest/problem.js';
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

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;

@ApiTags('notifications')
@ApiBearerAuth()
@Requires('notification.manage', 'notification/:id')
@ApiResponse({ status: 401, standardSchema: Problem })
@Controller('api/v1/notifications')
export class NotificationsController {
  private readonly log: NotificationLog;

  constructor(
    database: Database,
    @Inject(BUS) private readonly bus: Bus,
  ) {
    this.log = new NotificationLog(database);
  }

  @Get()
  @ApiOperation({ summary: 'Messages to receivers, newest first' })
  @ApiResponse({ status: 200, standardSchema: NotificationList })
  list(
    @Query({ schema: NotificationQuery }) query: NotificationQuery,
  ): Promise<Page<NotificationAnswer>> {
    return this.log.list(query);
  }

  @Get(':id')
  @ApiOperation({ summary: 'One message, with what its receiver answered to each try' })
  @ApiResponse({ status: 200, standardSchema: NotificationDetail })
  @ApiResponse({ status: 404, standardSchema: Problem })
  async one(@Param({ schema: byId }) { id }: ById): Promise<NotificationDetail> {
    const found = await this.log.one(idOf<DeliveryId>(id));
    if (!found) throw notFound(`notification ${id}`);
    return found;
  }

  @Post(':id/resend')
  @HttpCode(202)
  @ApiOperation({ summary: 'Send it now, as if it had never been tried' })
  @ApiResponse({ status: 202, standardSchema: NotificationDetail })
  @ApiResponse({ status: 404, standardSchema: Problem })
  @ApiResponse({ status: 409, standardSchema: Problem })
  async resend(@Param({ schema: byId }) { id }: ById): Promise<NotificationDetail> {
    await this.one({ id });
    if (!(await this.log.resend(idOf<DeliveryId>(id)))) {
      const detail = `Notification ${id} is being sent now.`;
      throw new ProblemException({ status: 409, kind: 'being-sent', detail });
    }
    await this.bus.publish('weather', '');
    return this.one({ id });
  }

  @Post('test')
  @Requires('notification.manage', 'specification/=specification')
  @HttpCode(202)
  @ApiOperation({ summary: 'Tell every receiver of a specification that this is a trial' })
  @ApiResponse({ status: 202, standardSchema: TrialList })
  @ApiResponse({ status: 404, standardSchema: Problem })
  @ApiResponse({ status: 422, standardSchema: Problem })
  async test(@Body({ schema: TrialRequest }) { specification }: TrialRequest): Promise<TrialList> {
    const begun = await this.log.begin(specification);
    if (!begun) throw notFound(`specification ${specification}`);
    if (begun.length === 0) {
      const detail = `The specification ${specification} tells nobody.`;
      throw new ProblemException({ status: 422, kind: 'no-receiver', detail });
    }
    await this.bus.publish('weather', '');
    return { items: begun };
  }
}
