/** Forges, templates and deliveries as the API tells them. */
import type { ForgeAnswer, ForgeDeliveryAnswer, TemplateAnswer } from '#protocol/api/forge.js';
import { cutPage, type Page, type PageQuery } from '#protocol/api/page.js';
import type { ForgeId } from '#domain/ids.js';
import type { Database, Row } from './database.js';
import { forgeOf, type ForgeRow } from './forge-catalog.js';
import { templateOf, type TemplateRow } from './forge-requests.js';
import { iso } from './reading.js';

interface ListedForge extends ForgeRow {
  readonly created_at: Date;
  readonly last_delivery_at: Date | null;
  readonly refused_at: Date | null;
  readonly refused_why: string | null;
}

interface DeliveryRow extends Row {
  readonly id: number;
  readonly forge: string;
  readonly delivery: string;
  readonly event: string;
  readonly received_at: Date;
  readonly repeated: number;
  readonly state: ForgeDeliveryAnswer['state'];
  readonly outcome: string | null;
  readonly detail: string | null;
  readonly specifications: string[];
  readonly ended_at: Date | null;
}

export class ForgeQueries {
  constructor(private readonly database: Database) {}

  async forges(): Promise<ForgeAnswer[]> {
    const rows = await this.database.query<ListedForge>(
      `select f.*, (select d.received_at from forge_deliveries d where d.forge_id = f.id
                     order by d.id desc limit 1) as last_delivery_at
         from forges f where f.removed_at is null order by f.name`,
    );
    return rows.map((row) => {
      const { id, secrets, ...forge } = forgeOf(row);
      return {
        ...{ id: String(id), ...forge, secrets: [...secrets] },
        createdAt: iso(row.created_at),
        lastDeliveryAt: iso(row.last_delivery_at),
        refused: row.refused_at && { at: iso(row.refused_at), why: row.refused_why ?? '' },
      };
    });
  }

  async templates(forge: ForgeId): Promise<TemplateAnswer[]> {
    const rows = await this.database.query<TemplateRow & { open: number }>(
      `select t.*, (select count(*) from forge_requests r
                     where r.template_id = t.id and r.state = 'open') as open
         from forge_templates t where t.forge_id = $1 and t.removed_at is null
        order by t.repository, t.id`,
      [forge],
    );
    return rows.map((row) => {
      const { id, forge: _, allowed, ...template } = templateOf(row);
      return { id: String(id), ...template, allowed: [...allowed], open: row.open };
    });
  }

  /** Newest first; of all forges when none is named. */
  async deliveries(forge: string | null, { cursor, limit }: PageQuery) {
    const rows = await this.database.query<DeliveryRow>(
      `select d.*, f.name as forge from forge_deliveries d join forges f on f.id = d.forge_id
        where ($1::text is null or f.name = $1) and d.id < coalesce($2::bigint, 9007199254740991)
        order by d.id desc limit $3`,
      [forge, cursor ?? null, limit + 1],
    );
    const page: Page<ForgeDeliveryAnswer> = cutPage(rows.map(answerOf), limit, ({ id }) => id);
    return { items: [...page.items], next: page.next };
  }
}

function answerOf(row: DeliveryRow): ForgeDeliveryAnswer {
  const { forge, delivery, event, repeated, state, outcome, detail, specifications } = row;
  return {
    ...{ id: String(row.id), forge, delivery, event, receivedAt: iso(row.received_at) },
    ...{ repeated, state, outcome, detail, specifications, endedAt: iso(row.ended_at) },
  };
}
