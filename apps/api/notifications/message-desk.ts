/** What the REST API and /admin do with messages to receivers: one told, sent again, tried. */
import type { NotificationLog } from '#adapters/postgres/notification-log.js';
import type { Bus } from '#application/ports/bus.js';
import { id as idOf, type DeliveryId } from '#domain/ids.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type { NotificationAnswer, NotificationDetail } from '#protocol/api/notification.js';

export class MessageDesk {
  constructor(
    readonly log: NotificationLog,
    private readonly bus: Bus,
  ) {}

  async one(id: string): Promise<NotificationDetail> {
    const found = await this.log.one(idOf<DeliveryId>(id));
    if (!found) throw notFound(`notification ${id}`);
    return found;
  }

  /** As if it had never been tried; refused while it is on its way. */
  async resend(id: string): Promise<void> {
    await this.one(id);
    if (!(await this.log.resend(idOf<DeliveryId>(id)))) {
      const detail = `Notification ${id} is being sent now.`;
      throw new ProblemException({ status: 409, kind: 'being-sent', detail });
    }
    await this.wakeSender();
  }

  /** One to each receiver of the specification. */
  async begin(specification: string): Promise<readonly NotificationAnswer[]> {
    const begun = await this.log.begin(specification);
    if (!begun) throw notFound(`specification ${specification}`);
    if (begun.length === 0) {
      const detail = `The specification ${specification} tells nobody.`;
      throw new ProblemException({ status: 422, kind: 'no-receiver', detail });
    }
    await this.wakeSender();
    return begun;
  }

  private wakeSender(): Promise<void> {
    return this.bus.publish('weather', '');
  }
}
