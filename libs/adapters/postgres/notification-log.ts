/** What was told to whom, for the API; and what an admin asks of it. */
import { id, type DeliveryId } from '#domain/ids.js';
import { receiversOf } from '#domain/notification/receiver.js';
import type { Notification } from '#domain/specification/notification.js';
import { cutPage, type Page } from '#protocol/api/page.js';
import type {
  NotificationAnswer,
  NotificationDetail,
  NotificationQuery,
} from '#protocol/api/notification.js';
import type { Database, Row } from './database.js';
import { readMessage } from './notification-messages.js';
import { iso } from './reading.js';

interface DeliveryRow extends Row {
  id: number;
  specification: string;
  evaluation_id: number | null;
  receiver: string;
  state: NotificationAnswer['state'];
  change_count: number;
  attempts: number;
  next_try_at: Date;
  last_answer: string | null;
  created_at: Date;
  ended_at: Date | null;
}

interface TryRow extends Row {
  number: number;
  tried_at: Date;
  milliseconds: number;
  delivered: boolean;
  answer: string;
}

const rowsOf = `
  select d.*, s.name as specification
    from deliveries d join specifications s on s.id = d.specification_id`;

export class NotificationLog {
  constructor(private readonly database: Database) {}

  /** Newest first. */
  async list(query: NotificationQuery): Promise<Page<NotificationAnswer>> {
    const { cursor, limit, specification, evaluation, state } = query;
    const rows = await this.database.query<DeliveryRow>(
      `${rowsOf}
        where ($1::bigint is null or d.id < $1) and ($2::text is null or s.name = $2)
          and ($3::bigint is null or d.evaluation_id = $3) and ($4::text is null or d.state = $4)
        order by d.id desc limit $5`,
      [cursor ?? null, specification ?? null, evaluation ?? null, state ?? null, limit + 1],
    );
    return cutPage(rows.map(answerOf), limit, (answer) => answer.id);
  }

  /** Its tries are read before it is: what a try ended as stands in it when the try is told. */
  async one(delivery: DeliveryId): Promise<NotificationDetail | null> {
    const tries = await this.database.query<TryRow>(
      'select * from delivery_tries where delivery_id = $1 order by number',
      [delivery],
    );
    const [row] = await this.database.query<DeliveryRow>(`${rowsOf} where d.id = $1`, [delivery]);
    if (!row) return null;
    const message = await readMessage(this.database, delivery);
    const told = message.changes.map(({ job, system, kind, build, at }) => ({
      ...{ job, system, status: kind, build: String(build), changedAt: at.toISOString() },
    }));
    return { ...answerOf(row), told, tries: tries.map(tryOf) };
  }

  /** Sends it at once, with all tries before it again; false while it is being sent. */
  async resend(delivery: DeliveryId): Promise<boolean> {
    const touched = await this.database.execute(
      `update deliveries set state = 'waiting', attempts = 0, next_try_at = now(), ended_at = null
        where id = $1 and (claimed_until is null or claimed_until < now())`,
      [delivery],
    );
    return touched === 1;
  }

  /** A trial for each receiver; null when there is no such specification. */
  async begin(specification: string): Promise<NotificationAnswer[] | null> {
    const [found] = await this.database.query<Row & { id: number; told: Notification[] }>(
      `select s.id, coalesce(v.document->'notifications', '[]') as told from specifications s
         join specification_versions v on v.specification_id = s.id and v.version = s.version
        where s.name = $1 and s.archived_at is null`,
      [specification],
    );
    if (!found) return null;
    const receivers = receiversOf(found.told);
    const made = await this.database.query<Row & { id: number }>(
      `insert into deliveries (specification_id, receiver, lane, state, next_try_at)
       select $1, receiver, lane, 'waiting', now()
         from unnest($2::text[], $3::text[]) as r (receiver, lane) returning id`,
      [found.id, receivers.map(({ key }) => key), receivers.map(({ lane }) => lane)],
    );
    const ids = made.map((row) => id<DeliveryId>(row.id));
    const rows = await this.database.query<DeliveryRow>(
      `${rowsOf} where d.id = any($1) order by d.id`,
      [ids],
    );
    return rows.map(answerOf);
  }
}

function answerOf(row: DeliveryRow): NotificationAnswer {
  const { specification, receiver, state, attempts } = row;
  return {
    ...{ id: String(row.id), specification, receiver, state, attempts },
    evaluation: row.evaluation_id === null ? null : String(row.evaluation_id),
    changes: row.change_count,
    nextTryAt: row.ended_at === null ? iso(row.next_try_at) : null,
    lastAnswer: row.last_answer,
    createdAt: row.created_at.toISOString(),
    endedAt: iso(row.ended_at),
  };
}

function tryOf(row: TryRow): NotificationDetail['tries'][number] {
  const { number, milliseconds, delivered, answer } = row;
  return { number, triedAt: row.tried_at.toISOString(), milliseconds, delivered, answer };
}
