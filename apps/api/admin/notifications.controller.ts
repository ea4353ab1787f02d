/** `/admin/notifications`: what was told to whom, sent again, tried. */
import {
  Controller,
  Get,
  Header,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
  UseFilters,
} from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Database } from '#adapters/postgres/database.js';
import { NotificationLog } from '#adapters/postgres/notification-log.js';
import type { Bus } from '#application/ports/bus.js';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import { NotificationQuery } from '#protocol/api/notification.js';
import { Id } from '#protocol/api/page.js';
import { notificationPage, notificationsPage } from '#views/admin/notifications.js';
import { Requires } from '../access/requires.js';
import { BUS, SPECIFICATIONS } from '../farm/tokens.js';
import { MessageDesk } from '../notifications/message-desk.js';
import { AdminErrors, html, queryOf, seeOther, visitOf } from './admin-answers.js';
import { withoutEmpty } from '../pages/form-query.js';
import { fieldIn, formOf } from './admin-form.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
const ListQuery = z.preprocess(withoutEmpty, NotificationQuery);
const here = '/admin/notifications';

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/notifications')
export class AdminNotificationsController {
  private readonly desk: MessageDesk;

  constructor(
    database: Database,
    @Inject(SPECIFICATIONS) private readonly specifications: SpecificationStore,
    @Inject(BUS) bus: Bus,
  ) {
    this.desk = new MessageDesk(new NotificationLog(database), bus);
  }

  @Get()
  @Requires('notification.manage')
  @Header('content-type', html)
  async list(
    @Query({ schema: ListQuery }) query: NotificationQuery,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const [{ items, next }, specifications] = await Promise.all([
      this.desk.log.list(query),
      this.specifications.list(),
    ]);
    const values = queryOf(request);
    values.delete('cursor');
    return notificationsPage({
      ...{ visit: visitOf(request), form: { values, faults: [] }, items, next },
      specifications: specifications.map(({ name }) => name),
    });
  }

  @Get(':id')
  @Requires('notification.manage')
  @Header('content-type', html)
  async show(@Param({ schema: byId }) address: ById, @Req() request: FastifyRequest) {
    return notificationPage({ visit: visitOf(request), one: await this.desk.one(address.id) });
  }

  @Post(':id/resend')
  @Requires('notification.manage', 'notification/:id')
  async resend(
    @Param({ schema: byId }) address: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.desk.resend(address.id);
    const of = `Message ${address.id}`;
    return seeOther(reply, { address: `${here}/${address.id}`, done: 'resent', of });
  }

  @Post('test')
  @Requires('notification.manage', 'specification/=of')
  async test(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    const specification = fieldIn(formOf(request), 'of');
    await this.desk.begin(specification);
    return seeOther(reply, { address: here, done: 'trial', of: specification });
  }
}
