/** What the API and the dashboard read of workers and of what they build now. */
import { id, type WorkerId } from '#domain/ids.js';
import type { WorkerAnswer, WorkerAttempt } from '#protocol/api/worker.js';
import type { Database } from './database.js';
import { workerIsPaused } from './worker-store.js';
import { iso, summaryColumns, summaryOf, type SummaryRow } from './reading.js';

interface WorkerRow extends Record<string, unknown> {
  id: number;
  name: string;
  systems: string[];
  features: string[];
  class: string;
  slots: number;
  cores: number;
  speed: number;
  version: string | null;
  connected: boolean;
  drains: boolean;
  paused: boolean;
  pause_note: string | null;
  pause_until: Date | null;
  holds_back: string | null;
  min_disk: number | null;
  protocol: number | null;
  refused_at: Date | null;
  refused_code: string | null;
  refused_message: string | null;
  load: number | null;
  memory_free: number | null;
  disk_free: number | null;
  enrolled_at: Date;
  connected_at: Date | null;
  last_seen_at: Date | null;
}

interface RunningRow extends SummaryRow {
  worker_id: number;
  attempt_id: number;
  slot: number;
  /** On a worker of speed 1. */
  expected: number | null;
}

interface AttemptRow extends Record<string, unknown> {
  id: number;
  build_id: number;
  name: string;
  system: string;
  status: WorkerAttempt['status'];
  reason: string | null;
  started_at: Date | null;
  ended_at: Date | null;
}

/** A worker that no gateway has heard of for so long is offline, whatever its row says. */
export const connectedWorker =
  "coalesce(gateway is not null and last_seen_at > now() - interval '90 seconds', false)";

export class WorkerQueries {
  constructor(private readonly database: Database) {}

  /** Those not removed, by name. */
  list(): Promise<WorkerAnswer[]> {
    return this.select(null);
  }

  async find(worker: WorkerId): Promise<WorkerAnswer | null> {
    return (await this.select(worker))[0] ?? null;
  }

  /** Those not removed bear a name once. */
  async named(name: string): Promise<WorkerAnswer | null> {
    const [row] = await this.database.query<{ id: number }>(
      'select id from workers where removed_at is null and name = $1',
      [name],
    );
    return row ? this.find(id<WorkerId>(row.id)) : null;
  }

  /** What it tried last, the newest first. */
  async attempts(worker: WorkerId, limit: number): Promise<WorkerAttempt[]> {
    const rows = await this.database.query<AttemptRow>(
      `select a.id, a.build_id, d.name, d.system, a.status, a.reason, a.started_at, a.ended_at
         from (select * from attempts where worker_id = $1 order by id desc limit $2) a
        cross join lateral (select name, system from derivations where id = a.build_id offset 0) d
        order by a.id desc`,
      [worker, limit],
    );
    return rows.map(attemptOf);
  }

  private async select(worker: WorkerId | null): Promise<WorkerAnswer[]> {
    const [workers, running] = await Promise.all([
      this.database.query<WorkerRow>(
        `select *, ${connectedWorker} as connected, ${workerIsPaused} as paused,
                draining or coalesce(holds_back = 'draining', false) as drains
           from workers where removed_at is null and ($1::bigint is null or id = $1)
          order by name`,
        [worker],
      ),
      this.database.query<RunningRow>(
        `select l.worker_id, l.attempt_id, l.slot, p.milliseconds / 1000 as expected,
                ${summaryColumns}
           from leases l join builds b on b.id = l.build_id join derivations d on d.id = b.id
           left join package_durations p
             on p.package_name = d.package_name and p.system = d.system
          where $1::bigint is null or l.worker_id = $1 order by l.slot`,
        [worker],
      ),
    ]);
    const byWorker = Map.groupBy(running, (row) => row.worker_id);
    return workers.map((row) => workerOf(row, byWorker.get(row.id) ?? []));
  }
}

function stateOf(row: WorkerRow): WorkerAnswer['state'] {
  if (!row.connected) return row.refused_at === null ? 'offline' : 'refused';
  if (row.drains) return 'draining';
  if (row.paused) return 'paused';
  return row.holds_back === 'disk-guard' ? 'disk-guard' : 'connected';
}

function refusalOf(row: WorkerRow): WorkerAnswer['refusal'] {
  const { refused_at: at, refused_code: code, refused_message: message } = row;
  return at && { at: iso(at), code: code ?? '', message: message ?? '' };
}

function workerOf(row: WorkerRow, runs: readonly RunningRow[]): WorkerAnswer {
  return {
    id: String(row.id),
    name: row.name,
    state: stateOf(row),
    systems: row.systems,
    features: row.features,
    class: row.class,
    slots: row.slots,
    cores: row.cores,
    speed: row.speed,
    version: row.version,
    protocol: row.protocol,
    load: row.load,
    memoryFree: row.memory_free,
    diskFree: row.disk_free,
    minDisk: row.min_disk,
    pauseNote: row.paused || row.drains ? row.pause_note : null,
    pauseUntil: row.paused ? iso(row.pause_until) : null,
    refusal: refusalOf(row),
    enrolledAt: iso(row.enrolled_at),
    connectedAt: iso(row.connected_at),
    lastSeenAt: iso(row.last_seen_at),
    running: runs.map((running) => ({
      slot: running.slot,
      attempt: String(running.attempt_id),
      build: summaryOf(running),
      expectedSeconds:
        running.expected === null ? null : running.expected / Math.max(row.speed, 0.01),
    })),
  };
}

function attemptOf(row: AttemptRow): WorkerAttempt {
  return {
    id: String(row.id),
    build: { id: String(row.build_id), name: row.name, system: row.system },
    status: row.status,
    reason: row.reason,
    startedAt: iso(row.started_at),
    endedAt: iso(row.ended_at),
  };
}
