/** The planner's view of the fake database. */
import type { BuildId } from '#domain/ids.js';
import type { Assignment, SpecificationShare, Withdrawal } from '#domain/scheduling/planner.js';
import type { WorkerState } from '#domain/scheduling/worker-state.js';
import type { Released, ReleaseStore } from '#application/ports/release-store.js';
import type { Ticket } from '#application/ports/ticket-queue.js';
import type { BuildRow } from '../farm-subject.js';
import { avoidedClasses } from './avoided-workers.js';
import type { FakeFarmDatabase } from './farm-database.js';
import { isPaused, isThere } from './worker-store.js';

export class FakeReleaseStore implements ReleaseStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  async workers(): Promise<readonly WorkerState[]> {
    const { now } = this.database;
    return this.database.workers
      .all()
      .filter((row) => row.removedAt === null)
      .map((row) => ({
        ...{ systems: row.systems, features: row.features, speed: row.speed, slots: row.slots },
        draining: row.draining || row.holdsBack === 'draining',
        connected: isThere(row, now),
        paused: isPaused(row, now),
        diskGuard: row.holdsBack === 'disk-guard',
      }));
  }

  async outstanding(): Promise<ReadonlyMap<string, number>> {
    const counts = new Map<string, number>();
    for (const build of this.database.builds.all()) {
      if (build.status !== 'scheduled' || !this.isReleased(build)) continue;
      const name = build.workerClass ?? '';
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  async shares(): Promise<readonly SpecificationShare[]> {
    const { specifications } = this.database;
    return specifications
      .all()
      .map(({ id: specification, share, maxRunning }) => ({ specification, share, maxRunning }));
  }

  async avoided(): Promise<ReadonlyMap<BuildId, ReadonlySet<string>>> {
    const builds = this.database.builds.all();
    const all = builds.map((build) => [build.id, avoidedClasses(this.database, build)] as const);
    return new Map(all.filter(([, classes]) => classes.size > 0));
  }

  release(assignments: readonly Assignment[], seconds: number): Promise<Released> {
    return this.database.transaction(() => {
      const tickets: Ticket[] = [];
      const stale: Ticket[] = [];
      for (const { build, workerClass, rank } of assignments) {
        const row = this.database.builds.find(build);
        if (!row || !this.isReady(row)) continue;
        const { generation, workerClass: was } = row;
        if (was !== null) stale.push({ build, generation, workerClass: was, rank });
        tickets.push({ build, generation: generation + 1, workerClass, rank });
        const releaseExpiresAt = this.database.after(seconds);
        const change = { generation: generation + 1, workerClass, releaseExpiresAt };
        this.database.builds.patch(row, change);
      }
      return { tickets, stale, expiresAt: this.database.after(seconds) };
    });
  }

  withdraw(withdrawals: readonly Withdrawal[]): Promise<readonly Ticket[]> {
    return this.database.transaction(() =>
      withdrawals.flatMap(({ build, generation }) => {
        const row = this.database.builds.find(build);
        if (row?.generation !== generation || row.status !== 'scheduled') return [];
        if (row.releaseExpiresAt === null) return [];
        this.database.builds.patch(row, { releaseExpiresAt: null });
        return [{ build, generation, workerClass: row.workerClass!, rank: 1 }];
      }),
    );
  }

  voidAll(): Promise<number> {
    return this.database.transaction(() => {
      const released = this.database.builds
        .all()
        .filter((row) => row.status === 'scheduled' && row.releaseExpiresAt !== null);
      for (const row of released) this.database.builds.patch(row, { releaseExpiresAt: null });
      return released.length;
    });
  }

  private isReady(build: BuildRow): boolean {
    if (build.status !== 'scheduled' || this.isReleased(build)) return false;
    if (build.notBefore !== null && build.notBefore > this.database.now) return false;
    return this.hasAllInputs(build.id);
  }

  private hasAllInputs(build: BuildId): boolean {
    return this.database.inputsOf(build).every((input) => input.status === 'succeeded');
  }

  private isReleased(build: BuildRow): boolean {
    return build.releaseExpiresAt !== null && build.releaseExpiresAt > this.database.now;
  }
}
