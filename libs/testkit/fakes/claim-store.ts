/** Claims on the fake database: a build with its attempt and lease, or nothing at all. */
import { workerClassName } from '#domain/worker/worker-class.js';
import { resolveLimits } from '#domain/build/limits.js';
import { id, type AttemptId, type BuildId, type Fence, type WorkerId } from '#domain/ids.js';
import { err, ok, type Result } from '#std/result.js';
import type {
  ClaimedBuild,
  ClaimRefusal,
  ClaimRequest,
  ClaimStore,
} from '#application/ports/claim-store.js';
import type { BuildRow, LeaseRow, WorkerRow } from '../farm-subject.js';
import { couldTake, hasFailed } from './avoided-workers.js';
import { ConstraintBroken, type FakeFarmDatabase } from './farm-database.js';
import { isPaused } from './worker-store.js';

const passedSeconds = 30;

export class FakeClaimStore implements ClaimStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  async claim(request: ClaimRequest): Promise<Result<ClaimedBuild, ClaimRefusal>> {
    try {
      return await this.database.transaction(() => this.take(request));
    } catch (error) {
      const isTaken = error instanceof ConstraintBroken;
      if (isTaken && error.constraint === 'leases_worker_id_slot_key') {
        return err({ kind: 'slot-taken' });
      }
      throw error;
    }
  }

  held(
    worker: WorkerId,
    slots: readonly number[],
    leaseSeconds: number,
  ): Promise<readonly ClaimedBuild[]> {
    return this.database.transaction(() => {
      const { leases } = this.database;
      const mine = leases.all().filter((row) => row.worker === worker && slots.includes(row.slot));
      const expiresAt = this.database.after(leaseSeconds);
      for (const lease of mine) leases.patch(lease, { expiresAt });
      return mine.map((lease) => this.claimedOf(lease));
    });
  }

  started(worker: WorkerId, attempt: AttemptId, fence: Fence): Promise<BuildId | null> {
    return this.database.transaction(() => {
      const { leases, attempts, builds, now } = this.database;
      const lease = leases.find(attempt, 'leases_attempt_id_key');
      if (lease?.worker !== worker || lease.fence !== fence) return null;
      const tried = attempts.find(attempt)!;
      if (tried.status === 'submitted')
        attempts.patch(tried, { status: 'started', startedAt: now });
      const build = builds.find(lease.build)!;
      if (build.status !== 'submitted') return null;
      builds.patch(build, { status: 'started', startedAt: now });
      return build.id;
    });
  }

  private take(request: ClaimRequest): Result<ClaimedBuild, ClaimRefusal> {
    const { builds, workers } = this.database;
    const { worker, build, generation } = request;
    const by = workers.find(worker);
    const isGone = by?.removedAt !== null || isPaused(by, this.database.now);
    if (isGone || by.draining) {
      return err({ kind: 'worker-not-taking' });
    }
    const row = builds.find(build);
    if (!row || row.generation !== generation || row.status !== 'scheduled') {
      return err({ kind: 'stale' });
    }
    const other = row.farmFaults > 0 ? this.anotherThan(worker, row) : null;
    if (other) return err({ kind: 'avoided', passed: this.pass(row, workerClassName(other)) });
    builds.patch(row, {
      triedTimeoutSeconds: row.timeoutSeconds,
      triedMaxSilentSeconds: row.maxSilentSeconds,
      ...{ status: 'submitted', attempts: row.attempts + 1, reason: null },
      ...{ releaseExpiresAt: null, notBefore: null, startedAt: null, endedAt: null },
    });
    return ok(this.claimedOf(this.leaseOf(request)));
  }

  /** A worker that takes builds and has not failed this one, when `worker` has. */
  private anotherThan(worker: WorkerId, build: BuildRow): WorkerRow | null {
    if (!hasFailed(this.database, worker, build)) return null;
    const others = couldTake(this.database, build).filter((other) => other.id !== worker);
    const isOfClass = (other: WorkerRow): boolean => workerClassName(other) === build.workerClass;
    return others.find(isOfClass) ?? others[0] ?? null;
  }

  private pass(build: BuildRow, name: string): { class: string; generation: number } | null {
    const generation = build.generation + 1;
    const isElsewhere = name !== build.workerClass;
    this.database.builds.patch(build, {
      ...{ generation, workerClass: name },
      releaseExpiresAt: isElsewhere ? this.database.after(passedSeconds) : null,
      notBefore: isElsewhere ? build.notBefore : this.database.after(1),
    });
    return isElsewhere ? { class: name, generation } : null;
  }

  private leaseOf({ worker, slot, build, fence, leaseSeconds }: ClaimRequest): LeaseRow {
    const { builds, attempts, leases } = this.database;
    const { evaluation, attempts: number } = builds.find(build)!;
    const attempt = id<AttemptId>(this.database.next('attempts'));
    attempts.insert({
      ...{ id: attempt, evaluation, build, number, worker, slot, fence, status: 'submitted' },
      ...{ reason: null, message: null, logBytes: 0, endedAt: null },
      ...{ createdAt: this.database.now, startedAt: null },
    });
    const expiresAt = this.database.after(leaseSeconds);
    const cancelReason = null;
    const mine = { worker, slot, fence, expiresAt, cancelReason };
    return leases.insert({ build, attempt, evaluation, ...mine });
  }

  private claimedOf({ attempt, fence, slot, build }: LeaseRow): ClaimedBuild {
    const { builds, derivations, outputs } = this.database;
    const { path, system } = derivations.find(build)!;
    const row = builds.find(build)!;
    return {
      ...{ attempt, fence, slot, build, system, derivation: path },
      store: { slug: 'local', dir: '/gambeson/store' },
      outputs: outputs
        .all()
        .filter((output) => output.build === build)
        .map((output) => ({ name: output.name, path: output.path }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
      limits: resolveLimits(
        {
          timeoutSeconds: row.timeoutSeconds ?? undefined,
          maxSilentSeconds: row.maxSilentSeconds ?? undefined,
        },
        {},
      ),
    };
  }
}
