/** What the API tells of restarts and cancels under way. */
import type { IntentId } from '#domain/ids.js';
import type { IntentAnswer } from '#protocol/api/wish.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

interface IntentRow extends Row {
  id: number;
  kind: IntentAnswer['kind'];
  mode: IntentAnswer['mode'];
  build_id: number | null;
  evaluation_id: number | null;
  reason: string;
  requested_at: Date;
  finished_at: Date | null;
  moved: number;
}

export class IntentQueries {
  constructor(private readonly database: Database) {}

  async find(intent: IntentId): Promise<IntentAnswer | null> {
    const [row] = await this.database.query<IntentRow>('select * from intents where id = $1', [
      intent,
    ]);
    if (!row) return null;
    return {
      id: String(row.id),
      kind: row.kind,
      mode: row.mode,
      build: row.build_id === null ? null : String(row.build_id),
      evaluation: row.evaluation_id === null ? null : String(row.evaluation_id),
      reason: row.reason,
      requestedAt: iso(row.requested_at),
      finishedAt: iso(row.finished_at),
      moved: row.moved,
    };
  }
}
