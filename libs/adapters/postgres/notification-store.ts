/**
 * Messages to receivers in Postgres. A message that gathers is one row, found by a partial unique
 * index, so that two who gather at once add to the same; a claim is a random word with an end.
 */
import { id, type DeliveryId, type EvaluationId, type SpecificationId } from '#domain/ids.js';
import type { WeatherChangeId } from '#domain/ids.js';
import { kindOf, type ChangeWeather } from '#domain/notification/change.js';
import type { Notification } from '#domain/specification/notification.js';
import type {
  Claimed,
  Gathering,
  NotificationStore,
  Settled,
  UntoldChanges,
} from '#application/ports/notification-store.js';
import { readMessage } from './notification-messages.js';
import type { Database, Row } from './database.js';

interface UntoldRow extends Row {
  id: number;
  specification_id: number;
  evaluation_id: number;
  weather: ChangeWeather;
}

interface ClaimedRow extends Row {
  id: number;
  claim: string;
  receiver: string;
  attempts: number;
  notifications: Notification[];
}

const isOpen = `state in ('gathering', 'waiting')`;
/** Nobody speaks to an archived specification's receivers any more. */
const notifications = `
  case when s.archived_at is null then coalesce(v.document->'notifications', '[]') else '[]' end`;
const newestVersion = `
  specification_versions v on v.specification_id = s.id and v.version = s.version`;
const forgottenAtOnce = 1000;
const longestAnswer = 1000;

const insertGatherings = `
  insert into deliveries (specification_id, evaluation_id, receiver, lane, state, change_count,
                          next_try_at)
  select g.specification, g.evaluation, g.receiver, g.lane, 'gathering', g.changes,
         now() + make_interval(secs =>
           ($6::float8[])[least(had.messages + 1, cardinality($6::float8[]))])
    from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::int[])
         as g (specification, evaluation, receiver, lane, changes)
   cross join lateral (
     select count(*)::int as messages from deliveries d
      where d.evaluation_id = g.evaluation and d.receiver = g.receiver
        and d.specification_id = g.specification) had
      on conflict (specification_id, evaluation_id, receiver) where state = 'gathering'
      do update set change_count = deliveries.change_count + excluded.change_count
  returning id, specification_id, evaluation_id, receiver`;

/** One at a time on a lane: whoever claims looks for those who are at work. */
const claimOldest = `
  with due as (
    select id from deliveries
     where lane = $1 and ${isOpen} and next_try_at <= now()
       and not exists (
         select from deliveries o where o.lane = $1 and o.${isOpen} and o.claimed_until > now())
     order by next_try_at, id limit 1 for update skip locked),
  claimed as (
    update deliveries d
       set state = 'waiting', attempts = d.attempts + 1, claim = gen_random_uuid(),
           claimed_until = now() + make_interval(secs => $2)
      from due where d.id = due.id
    returning d.id, d.claim, d.receiver, d.attempts, d.specification_id)
  select c.*, ${notifications} as notifications
    from claimed c join specifications s on s.id = c.specification_id join ${newestVersion}`;

const settleClaim = `
  with settled as (
    update deliveries
       set state = $3, last_answer = $4, claim = null, claimed_until = null,
           attempts = attempts - case when $8 then 0 else 1 end,
           next_try_at = now() + make_interval(secs => $5),
           ended_at = case when $3 = 'waiting' then null else now() end
     where id = $1 and claim = $2
    returning id, attempts),
  noted as (
  insert into delivery_tries (delivery_id, number, milliseconds, delivered, answer)
  select s.id, 1 + coalesce((select max(number) from delivery_tries where delivery_id = s.id), 0),
         $6, $7, $4 from settled s where $8
  on conflict (delivery_id, number) do nothing)
  select id from settled`;

export class PostgresNotificationStore implements NotificationStore {
  constructor(private readonly database: Database) {}

  async untold(atMost: number): Promise<UntoldChanges> {
    const rows = await this.database.query<UntoldRow>(
      `select id, specification_id, evaluation_id, weather from weather_changes
        where not told and is_news order by id limit $1`,
      [atMost],
    );
    const specifications = [...new Set(rows.map((row) => row.specification_id))];
    const told = await this.database.query<Row & { id: number; notifications: Notification[] }>(
      `select s.id, ${notifications} as notifications
         from specifications s join ${newestVersion} where s.id = any($1)`,
      [specifications],
    );
    return {
      changes: rows.map((row) => ({
        id: id<WeatherChangeId>(row.id),
        specification: id<SpecificationId>(row.specification_id),
        evaluation: id<EvaluationId>(row.evaluation_id),
        kind: kindOf(row.weather),
      })),
      notifications: new Map(told.map((row) => [id<SpecificationId>(row.id), row.notifications])),
    };
  }

  gather(
    changes: readonly WeatherChangeId[],
    gatherings: readonly Gathering[],
    windows: readonly number[],
  ): Promise<boolean> {
    return this.database.transaction(async (client) => {
      const ours = await client.query(
        'select id from weather_changes where id = any($1) and not told order by id for update',
        [changes],
      );
      if (ours.rowCount !== changes.length) return false;
      await client.query('update weather_changes set told = true where id = any($1)', [changes]);
      const columns = [
        gatherings.map(({ specification }) => specification),
        gatherings.map(({ evaluation }) => evaluation),
        gatherings.map(({ receiver }) => receiver),
        gatherings.map(({ lane }) => lane),
        gatherings.map((gathering) => gathering.changes.length),
      ];
      const { rows } = await client.query(insertGatherings, [...columns, windows]);
      const deliveries = new Map(rows.map((row) => [keyOf(row), Number(row.id)]));
      const parts = gatherings.flatMap(({ specification, evaluation, receiver, changes: ids }) => {
        const row = { specification_id: specification, evaluation_id: evaluation, receiver };
        const delivery = deliveries.get(keyOf(row));
        return ids.map((change) => ({ change, receiver, delivery }));
      });
      await client.query(
        `insert into delivery_changes (change_id, receiver, delivery_id)
         select * from unnest($1::bigint[], $2::text[], $3::bigint[])`,
        [
          parts.map(({ change }) => change),
          parts.map(({ receiver }) => receiver),
          parts.map(({ delivery }) => delivery),
        ],
      );
      return true;
    });
  }

  async dueLanes(atMost: number): Promise<readonly string[]> {
    const rows = await this.database.query<Row & { lane: string }>(
      `select lane from deliveries where ${isOpen}
        group by lane
       having min(next_try_at) <= now()
          and coalesce(max(claimed_until), '-infinity') <= now()
        order by min(next_try_at) limit $1`,
      [atMost],
    );
    return rows.map(({ lane }) => lane);
  }

  async claim(lane: string, seconds: number): Promise<Claimed | null> {
    const [row] = await this.database.query<ClaimedRow>(claimOldest, [lane, seconds]);
    if (!row) return null;
    const message = await readMessage(this.database, id<DeliveryId>(row.id));
    return {
      ...{ claim: row.claim, message, receiver: row.receiver, tries: row.attempts },
      notifications: row.notifications,
    };
  }

  async settle(delivery: DeliveryId, claim: string, settled: Settled): Promise<boolean> {
    const { outcome, settlement, milliseconds } = settled;
    const rest = settlement.state === 'waiting' ? settlement.afterSeconds : 0;
    const answer = outcome.answer.replace(/\p{Cc}+/gu, ' ').slice(0, longestAnswer);
    const settledRows = await this.database.query(settleClaim, [
      ...[delivery, claim, settlement.state, answer, rest, milliseconds],
      ...[outcome.kind === 'delivered', outcome.kind !== 'interrupted'],
    ]);
    return settledRows.length === 1;
  }

  forget(days: number): Promise<number> {
    return this.database.execute(
      `delete from deliveries where id in (
         select id from deliveries where ended_at < now() - make_interval(days => $1)
          order by ended_at limit $2)`,
      [days, forgottenAtOnce],
    );
  }
}

function keyOf(row: Record<string, unknown>): string {
  return ['specification_id', 'evaluation_id', 'receiver'].map((name) => row[name]).join('/');
}
