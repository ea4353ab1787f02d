/** Pause, drain, resume and removal of workers in Postgres. */
import { id, type AttemptId, type Fence, type WorkerId } from '#domain/ids.js';
import type { AttemptReport } from '#application/ports/report-store.js';
import type {
  Wished,
  WorkerPause,
  WorkerStandingStore,
} from '#application/ports/worker-standing-store.js';
import type { Database, Row } from './database.js';

interface PausedRow extends Row {
  known: boolean;
  changed: boolean;
}

interface HeldRow extends Row {
  attempt_id: number;
  fence: Fence;
}

export class PostgresWorkerStandingStore implements WorkerStandingStore {
  constructor(private readonly database: Database) {}

  async pause(worker: WorkerId, { note, until }: WorkerPause): Promise<Wished> {
    const [row] = await this.database.query<PausedRow>(
      `with changed as (
         update workers set paused_at = now(), pause_note = $2, pause_until = $3::timestamptz,
                draining = false
          where id = $1 and removed_at is null and coalesce($3::timestamptz > now(), true)
         returning id)
       select exists (select from changed) as changed,
              exists (select from workers where id = $1 and removed_at is null) as known`,
      [worker, note, until],
    );
    if (!row?.known) return 'unknown-worker';
    return row.changed ? 'done' : 'until-is-past';
  }

  async drain(worker: WorkerId, note: string): Promise<Wished> {
    const changed = await this.database.execute(
      `update workers set draining = true, pause_note = $2, paused_at = null, pause_until = null
        where id = $1 and removed_at is null`,
      [worker, note],
    );
    return changed === 0 ? 'unknown-worker' : 'done';
  }

  async resume(worker: WorkerId): Promise<Wished> {
    const changed = await this.database.execute(
      `update workers set draining = false, pause_note = null, paused_at = null, pause_until = null
        where id = $1 and removed_at is null`,
      [worker],
    );
    return changed === 0 ? 'unknown-worker' : 'done';
  }

  async remove(worker: WorkerId): Promise<readonly AttemptReport[] | null> {
    const removed = await this.database.execute(
      `update workers set removed_at = now(), gateway = null, free_slots = 0
        where id = $1 and removed_at is null`,
      [worker],
    );
    if (removed === 0) return null;
    const rows = await this.database.query<HeldRow>(
      'select attempt_id, fence from leases where worker_id = $1 order by attempt_id',
      [worker],
    );
    return rows.map(({ attempt_id, fence }) => ({
      worker,
      attempt: id<AttemptId>(attempt_id),
      fence,
      logBytes: 0,
      outputs: [],
    }));
  }
}
