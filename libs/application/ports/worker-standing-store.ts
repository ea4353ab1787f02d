/** What people wish of a worker; each wish stands until the next, over every reconnect. */
import type { WorkerId } from '#domain/ids.js';
import type { AttemptReport } from './report-store.js';

export interface WorkerPause {
  readonly note: string;
  /** ISO 8601; it lifts by itself then, by the database's clock. */
  readonly until: string | null;
}

export type Wished = 'done' | 'unknown-worker' | 'until-is-past';

export interface WorkerStandingStore {
  pause(worker: WorkerId, pause: WorkerPause): Promise<Wished>;
  drain(worker: WorkerId, note: string): Promise<Wished>;
  /** Ends pause and drain. */
  resume(worker: WorkerId): Promise<Wished>;
  /**
   * Its credential is worth nothing from now on. Answers the attempts that it had in hand, for the
   * caller to end; null when there is no such worker.
   */
  remove(worker: WorkerId): Promise<readonly AttemptReport[] | null>;
}
