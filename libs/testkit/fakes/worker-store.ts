/** Workers in the fake database. */
import { id, type WorkerId } from '#domain/ids.js';
import { err, ok, type Result } from '#std/result.js';
import type {
  Enrolment,
  EnrolRefusal,
  KnownWorker,
  Standing,
  WorkerBeat,
  WorkerHello,
  WorkerStore,
} from '#application/ports/worker-store.js';
import type { WorkerRow, WorkerWish } from '../farm-subject.js';
import type { FakeFarmDatabase, FakeWorkerRow } from './farm-database.js';

const gone: Standing = { paused: false, draining: false, removed: true, note: '' };
const thereMilliseconds = 90_000;

/** A gateway holds the worker, and has heard of it lately. */
export function isThere({ gateway, lastSeenAt }: WorkerRow, now: number): boolean {
  return gateway !== null && (lastSeenAt ?? 0) > now - thereMilliseconds;
}

/** A pause that has reached its end is none. */
export function isPaused({ pausedAt, pauseUntil }: WorkerRow, now: number): boolean {
  return pausedAt !== null && (pauseUntil ?? Infinity) > now;
}

export class FakeWorkerStore implements WorkerStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  createToken(tokenHash: string, _note: string, seconds: number): Promise<Date> {
    return this.database.transaction(() => {
      const expiresAt = this.database.after(seconds);
      this.database.tokens.insert({ hash: tokenHash, expiresAt, used: false });
      return new Date(expiresAt);
    });
  }

  enrol(enrolment: Enrolment): Promise<Result<WorkerId, EnrolRefusal>> {
    return this.database.transaction(() => {
      const { tokens, workers, now } = this.database;
      const token = tokens.find(enrolment.tokenHash);
      if (!token || token.used || token.expiresAt <= now) return err({ kind: 'token-invalid' });
      const { name, credentialHash } = enrolment;
      if (workers.find(name, 'workers_live_name')) return err({ kind: 'name-taken' });
      tokens.patch(token, { used: true });
      const unknown = { systems: [], features: [], speed: 1, slots: 0 };
      return ok(addWorker(this.database, { name, ...unknown }, credentialHash));
    });
  }

  async find(worker: WorkerId): Promise<KnownWorker | null> {
    const row = this.database.workers.find(worker);
    if (!row) return null;
    const { id, name, credentialHash, removedAt } = row;
    return { id, name, credentialHash, removed: removedAt !== null };
  }

  hello(worker: WorkerId, hello: WorkerHello): Promise<Standing> {
    const { gateway, systems, features, speed, slots } = hello;
    return this.seen(worker, { gateway, systems, features, speed, slots, holdsBack: null });
  }

  beat(worker: WorkerId, { gateway, holdsBack }: WorkerBeat): Promise<Standing> {
    return this.seen(worker, { gateway, holdsBack });
  }

  left(worker: WorkerId, gateway: string): Promise<void> {
    return this.database.transaction(() => {
      const row = this.database.workers.find(worker);
      if (row?.gateway === gateway) this.database.workers.patch(row, { gateway: null });
    });
  }

  /** Kept for people to see; nothing here looks at it. */
  async refused(): Promise<void> {
    // The fake has no page that shows it.
  }

  private seen(worker: WorkerId, change: Partial<FakeWorkerRow>): Promise<Standing> {
    return this.database.transaction(() => {
      const row = this.there(worker);
      if (!row) return gone;
      this.database.workers.patch(row, { ...change, lastSeenAt: this.database.now });
      const { draining, pauseNote: note } = row;
      return { paused: isPaused(row, this.database.now), draining, removed: false, note };
    });
  }

  private there(worker: WorkerId): FakeWorkerRow | null {
    const row = this.database.workers.find(worker);
    return row?.removedAt === null ? row : null;
  }
}

export function addWorker(
  database: FakeFarmDatabase,
  wish: WorkerWish,
  credentialHash: string,
): WorkerId {
  const worker = id<WorkerId>(database.next('workers'));
  database.workers.insert({
    ...{ id: worker, ...wish, credentialHash, gateway: null, lastSeenAt: null },
    ...{ draining: false, pausedAt: null, pauseUntil: null, pauseNote: '', removedAt: null },
    ...{ holdsBack: null, judgedAttempt: 0 },
  });
  return worker;
}
