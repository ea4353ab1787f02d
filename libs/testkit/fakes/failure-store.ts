/** Failures told on in the fake database: a bounded walk upwards through scheduled builds. */
import { isFailed } from '#domain/build/status.js';
import type { FailureStore, Propagation } from '#application/ports/failure-store.js';
import type { BuildRow } from '../farm-subject.js';
import type { FakeFarmDatabase } from './farm-database.js';

const originsAtMost = 1000;

export class FakeFailureStore implements FailureStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  propagate(limit: number): Promise<Propagation> {
    return this.database.transaction(() => {
      const origins = this.untold();
      if (origins.length === 0) return { failed: 0, done: true };
      const reached = this.walk(origins).slice(0, limit);
      const failed = new Set([...origins, ...reached]);
      for (const build of reached) this.fail(build, failed);
      if (reached.length < limit) {
        for (const told of failed) this.database.builds.patch(told, { failurePropagated: true });
      }
      return { failed: reached.length, done: false };
    });
  }

  audit(): Promise<number> {
    return this.database.transaction(() => {
      const { builds } = this.database;
      const waiting = builds.all().filter((build) => build.status === 'scheduled');
      const untold = new Set(
        waiting
          .flatMap((build) => this.database.inputsOf(build.id))
          .filter((input) => isFailed(input.status) && input.failurePropagated),
      );
      for (const build of untold) builds.patch(build, { failurePropagated: false });
      return untold.size;
    });
  }

  private untold(): BuildRow[] {
    return this.database.builds
      .all()
      .filter((build) => isFailed(build.status) && !build.failurePropagated)
      .sort((a, b) => a.id - b.id)
      .slice(0, originsAtMost);
  }

  private walk(origins: readonly BuildRow[]): BuildRow[] {
    const seen = new Set<BuildRow>(origins);
    const frontier = [...origins];
    for (const build of frontier) {
      for (const dependent of this.database.dependentsOf(build.id)) {
        if (dependent.status !== 'scheduled' || seen.has(dependent)) continue;
        seen.add(dependent);
        frontier.push(dependent);
      }
    }
    return frontier.slice(origins.length);
  }

  private fail(build: BuildRow, failed: ReadonlySet<BuildRow>): void {
    const inputs = this.database.inputsOf(build.id).filter((input) => failed.has(input));
    this.database.builds.patch(build, {
      ...{ status: 'failed-dependency', reason: 'dependency', endedAt: this.database.now },
      ...{ releaseExpiresAt: null, notBefore: null, failurePropagated: false },
      failedInput: inputs.sort((a, b) => a.id - b.id)[0]?.id ?? null,
    });
  }
}
