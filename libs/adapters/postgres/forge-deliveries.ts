/** What forges told, in Postgres. */
import type {
  DeliveryDesk,
  DeliveryEnd,
  DeliveryInbox,
  NewDelivery,
  Receipt,
  WaitingDelivery,
} from '#application/ports/forge-deliveries.js';
import type { ForgeEvent } from '#domain/forge/forge-event.js';
import { id, type ForgeDeliveryId } from '#domain/ids.js';
import type { Database } from './database.js';
import { forgeOf, type ForgeRow } from './forge-catalog.js';

interface DueRow extends ForgeRow {
  readonly delivery_id: number;
  readonly told: ForgeEvent;
  readonly tries: number;
}

export class PostgresForgeDeliveries implements DeliveryInbox, DeliveryDesk {
  constructor(private readonly database: Database) {}

  async receive(delivery: NewDelivery): Promise<{ id: ForgeDeliveryId; receipt: Receipt }> {
    const { forge, digest, event, told } = delivery;
    const [added] = await this.database.query<{ id: number }>(
      `insert into forge_deliveries (forge_id, delivery, digest, event, told)
       values ($1, $2, $3, $4, $5) on conflict do nothing returning id`,
      [forge, delivery.delivery, digest, event, JSON.stringify(told)],
    );
    if (added) return { id: id<ForgeDeliveryId>(added.id), receipt: 'accepted' };
    const [known] = await this.database.query<{ id: number; failed: boolean }>(
      `update forge_deliveries d
          set repeated = d.repeated + 1,
              state = case d.state when 'failed' then 'waiting' else d.state end,
              ended_at = case d.state when 'failed' then null else d.ended_at end,
              tries = case d.state when 'failed' then 0 else d.tries end,
              next_try_at = case d.state when 'failed' then now() else d.next_try_at end
         from (select id, state = 'failed' as failed from forge_deliveries
                where forge_id = $1 and (delivery = $2 or digest = $3)
                order by id limit 1 for update) before
        where d.id = before.id returning d.id, before.failed`,
      [forge, delivery.delivery, digest],
    );
    // Pruned between the two: as new as it can be.
    if (!known) return this.receive(delivery);
    return { id: id<ForgeDeliveryId>(known.id), receipt: known.failed ? 'again' : 'repeated' };
  }

  async due(limit: number): Promise<readonly WaitingDelivery[]> {
    const rows = await this.database.query<DueRow>(
      `select d.id as delivery_id, d.told, d.tries, f.*
         from forge_deliveries d join forges f on f.id = d.forge_id
        where d.state = 'waiting' and d.next_try_at <= now() order by d.id limit $1`,
      [limit],
    );
    return rows.map(({ delivery_id: delivery, told, tries, ...forge }) => ({
      ...{ id: id<ForgeDeliveryId>(delivery), forge: forgeOf(forge), told, tries },
    }));
  }

  async end(delivery: ForgeDeliveryId, end: DeliveryEnd): Promise<void> {
    await this.database.execute(
      `update forge_deliveries
          set state = 'done', ended_at = now(), outcome = $2, detail = $3, specifications = $4
        where id = $1 and state = 'waiting'`,
      [delivery, end.outcome, end.detail.slice(0, detailAtMost), end.specifications],
    );
  }

  async postpone(delivery: ForgeDeliveryId, why: string, seconds: number | null): Promise<void> {
    await this.database.execute(
      `update forge_deliveries
          set detail = $2, tries = tries + 1,
              state = case when $3::float8 is null then 'failed' else state end,
              ended_at = case when $3::float8 is null then now() end,
              next_try_at = now() + make_interval(secs => coalesce($3::float8, 0))
        where id = $1 and state = 'waiting'`,
      [delivery, why.slice(0, detailAtMost), seconds],
    );
  }

  /** What ended is taken once more; false when there is none, or it waits still. */
  async again(delivery: ForgeDeliveryId): Promise<boolean> {
    const touched = await this.database.execute(
      `update forge_deliveries
          set state = 'waiting', ended_at = null, tries = 0, next_try_at = now()
        where id = $1 and state <> 'waiting'`,
      [delivery],
    );
    return touched === 1;
  }

  prune(days: number): Promise<number> {
    return this.database.execute(
      `delete from forge_deliveries where id in (
         select id from forge_deliveries
          where received_at < now() - make_interval(days => $1) and state <> 'waiting'
          order by received_at limit ${prunedAtOnce})`,
      [days],
    );
  }
}

const detailAtMost = 2000;
const prunedAtOnce = 5000;
