/** The last attempts of each worker, and the drain that may follow from them. */
import { id, type WorkerId } from '#domain/ids.js';
import type { EndedAttempt } from '#domain/worker/judge-worker.js';
import type { WorkerRecord, WorkerRecords } from '#application/ports/worker-record.js';
import type { Database, Row } from './database.js';
import { workerIsPaused, workerIsThere } from './worker-store.js';

interface SuspectRow extends Row {
  id: number;
  name: string;
  attempts: (EndedAttempt & { id: number })[];
  taking: number;
}

/** The last attempt comes from the end of an index: a worker that does well costs one look. */
const findSuspects = `
  with taking as (
    select id, name, judged_attempt_id from workers
     where removed_at is null and not draining and not ${workerIsPaused} and ${workerIsThere}),
  suspect as (
    select t.* from taking t cross join lateral (
      select status from attempts where worker_id = t.id and id > t.judged_attempt_id
         and status not in ('submitted', 'started') order by id desc limit 1) a
     where a.status = 'failed-other')
  select s.id, s.name, last.attempts, (select count(*)::int from taking) as taking
    from suspect s cross join lateral (
      select jsonb_agg(jsonb_build_object('id', a.id, 'build', a.build_id, 'slot', a.slot,
                       'status', a.status, 'reason', a.reason) order by a.id desc) as attempts
        from (select * from attempts where worker_id = s.id and id > s.judged_attempt_id
                 and status not in ('submitted', 'started') order by id desc limit $1) a) last`;

export class PostgresWorkerRecord implements WorkerRecords {
  constructor(private readonly database: Database) {}

  async suspects(
    attempts: number,
  ): Promise<{ readonly taking: number; readonly suspects: readonly WorkerRecord[] }> {
    const rows = await this.database.query<SuspectRow>(findSuspects, [attempts]);
    const suspects = rows.map((row) => ({
      worker: id<WorkerId>(row.id),
      name: row.name,
      attempts: row.attempts,
      lastAttempt: row.attempts[0]?.id ?? 0,
    }));
    return { taking: rows[0]?.taking ?? 0, suspects };
  }

  async drain(worker: WorkerId, why: string, lastAttempt: number): Promise<boolean> {
    const touched = await this.database.execute(
      `update workers
          set draining = true, pause_note = $2, judged_attempt_id = greatest(judged_attempt_id, $3)
        where id = $1 and removed_at is null and not draining`,
      [worker, why, lastAttempt],
    );
    return touched === 1;
  }
}
