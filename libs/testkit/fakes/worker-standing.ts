/** What people and judges wish of the workers of the fake database. */
import type { WorkerId } from '#domain/ids.js';
import type { AttemptReport } from '#application/ports/report-store.js';
import type { WorkerRecord, WorkerRecords } from '#application/ports/worker-record.js';
import type {
  Wished,
  WorkerPause,
  WorkerStandingStore,
} from '#application/ports/worker-standing-store.js';
import type { FakeFarmDatabase, FakeWorkerRow } from './farm-database.js';
import { isPaused, isThere } from './worker-store.js';

const asEver = { draining: false, pausedAt: null, pauseUntil: null, pauseNote: '' };

export class FakeWorkerStanding implements WorkerStandingStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  pause(worker: WorkerId, { note, until }: WorkerPause): Promise<Wished> {
    const { now } = this.database;
    const pauseUntil = until === null ? null : Date.parse(until);
    return this.change(worker, (row) => {
      if (pauseUntil !== null && pauseUntil <= now) return 'until-is-past';
      const paused = { ...asEver, pausedAt: now, pauseUntil, pauseNote: note };
      this.database.workers.patch(row, paused);
      return 'done';
    });
  }

  drain(worker: WorkerId, note: string): Promise<Wished> {
    return this.change(worker, (row) => {
      this.database.workers.patch(row, { ...asEver, draining: true, pauseNote: note });
      return 'done';
    });
  }

  resume(worker: WorkerId): Promise<Wished> {
    return this.change(worker, (row) => {
      this.database.workers.patch(row, asEver);
      return 'done';
    });
  }

  remove(worker: WorkerId): Promise<readonly AttemptReport[] | null> {
    return this.database.transaction(() => {
      const { workers, leases, now } = this.database;
      const row = workers.find(worker);
      if (row?.removedAt !== null) return null;
      workers.patch(row, { removedAt: now, gateway: null });
      const held = leases.all().filter((lease) => lease.worker === worker);
      return held
        .sort((a, b) => a.attempt - b.attempt)
        .map(({ attempt, fence }) => ({ worker, attempt, fence, logBytes: 0, outputs: [] }));
    });
  }

  private change(worker: WorkerId, wish: (row: FakeWorkerRow) => Wished): Promise<Wished> {
    return this.database.transaction(() => {
      const row = this.database.workers.find(worker);
      return row?.removedAt === null ? wish(row) : 'unknown-worker';
    });
  }
}

export class FakeWorkerRecords implements WorkerRecords {
  constructor(private readonly database: FakeFarmDatabase) {}

  async suspects(
    attempts: number,
  ): Promise<{ readonly taking: number; readonly suspects: readonly WorkerRecord[] }> {
    const { workers, now } = this.database;
    const taking = workers
      .all()
      .filter((row) => row.removedAt === null && !row.draining && !isPaused(row, now))
      .filter((row) => isThere(row, now));
    const records = taking.map((row) => this.recordOf(row, attempts));
    const suspects = records.filter((one) => one.attempts[0]?.status === 'failed-other');
    return { taking: suspects.length === 0 ? 0 : taking.length, suspects };
  }

  drain(worker: WorkerId, why: string, lastAttempt: number): Promise<boolean> {
    return this.database.transaction(() => {
      const row = this.database.workers.find(worker);
      if (row?.removedAt !== null || row.draining) return false;
      const judgedAttempt = Math.max(row.judgedAttempt, lastAttempt);
      this.database.workers.patch(row, { draining: true, pauseNote: why, judgedAttempt });
      return true;
    });
  }

  private recordOf({ id: worker, name, judgedAttempt }: FakeWorkerRow, most: number): WorkerRecord {
    const ended = this.database.attempts
      .all()
      .filter((row) => row.worker === worker && row.id > judgedAttempt && row.endedAt !== null)
      .sort((a, b) => b.id - a.id)
      .slice(0, most);
    return { worker, name, attempts: ended, lastAttempt: ended[0]?.id ?? 0 };
  }
}
