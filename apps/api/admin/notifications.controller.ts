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
import { id as idOf, type DeliveryId } from '#domain/ids.js';
import { notFound, ProblemException } from '#nest/problem.js';
import { NotificationQuery, type NotificationDetail } from '#protocol/api/notification.js';
import { Id } from '#protocol/api/page.js';
import { notificationPage, notificationsPage } from '#views/admin/notifications.js';
import { Requires } from '../access/requires.js';
import { BUS, SPECIFICATIONS } from '../farm/tokens.js';
import { AdminErrors, html, queryOf, seeOther, visitOf } from './admin-answers.js';
import { fieldIn, formOf } from './admin-form.js';

const byId = z.object({ id: Id });
type ById = z.infer<typeof byId>;
/** An empty field of the form is no filter. */
const ListQuery = z.preprocess(
  (query) =>
    Object.fromEntries(Object.entries(query as object).filter(([, value]) => value !== '')),
  NotificationQuery,
);
const here = '/admin/notifications';

@ApiExcludeController()
@UseFilters(new AdminErrors())
@Controller('admin/notifications')
export class AdminNotificationsController {
  private readonly log: NotificationLog;

  constructor(
    database: Database,
    @Inject(SPECIFICATIONS) private readonly specifications: SpecificationStore,
    @Inject(BUS) private readonly bus: Bus,
  ) {
    this.log = new NotificationLog(database);
  }

  @Get()
  @Requires('notification.manage')
  @Header('content-type', html)
  async list(
    @Query({ schema: ListQuery }) query: NotificationQuery,
    @Req() request: FastifyRequest,
  ): Promise<string> {
    const [{ items, next }, specifications] = await Promise.all([
      this.log.list(query),
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
    return notificationPage({ visit: visitOf(request), one: await this.one(address) });
  }

  @Post(':id/resend')
  @Requires('notification.manage', 'notification/:id')
  async resend(
    @Param({ schema: byId }) address: ById,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.one(address);
    if (!(await this.log.resend(idOf<DeliveryId>(address.id)))) {
      const detail = `Message ${address.id} is being sent now.`;
      throw new ProblemException({ status: 409, kind: 'being-sent', detail });
    }
    await this.bus.publish('weather', '');
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
    const begun = await this.log.begin(specification);
    if (!begun) throw notFound(`specification ${specification}`);
    if (begun.length === 0) {
      const detail = `The specification ${specification} tells nobody.`;
      throw new ProblemException({ status: 422, kind: 'no-receiver', detail });
    }
    await this.bus.publish('weather', '');
    return seeOther(reply, { address: here, done: 'trial', of: specification });
  }

  private async one({ id }: ById): Promise<NotificationDetail> {
    const found = await this.log.one(idOf<DeliveryId>(id));
    if (!found) throw notFound(`notification ${id}`);
    return found;
  }
}
