/** What the planner reads of the fake database: the graph, and its changes since a version. */
import { isFinal } from '#domain/build/status.js';
import type { BuildId } from '#domain/ids.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import type {
  AuditSlice,
  AuditStore,
  Demanded,
  FeedChange,
  FeedChanges,
  FeedPosition,
  GraphBuild,
  GraphPart,
  PlannerStore,
} from '#application/ports/planner-store.js';
import type { BuildRow } from '../farm-subject.js';
import type { FakeFarmDatabase } from './farm-database.js';
import { demandedOf } from './planner-facts.js';

export class FakePlannerStore implements PlannerStore, AuditStore {
  private forgotten = 0;

  constructor(private readonly database: FakeFarmDatabase) {}

  async *load(): AsyncIterable<GraphPart> {
    const { now, builds } = this.database;
    const unfinished = builds.all().filter((row) => !isFinal(row.status));
    const demanded = demandedOf(this.database, new Set(unfinished.map((row) => row.id)));
    yield { position: this.position(), now, builds: this.withHeld(unfinished), demanded };
  }

  async changes(since: FeedPosition): Promise<FeedChanges | null> {
    const version = Number(since);
    if (version < this.forgotten) return null;
    const { feed, evaluationFeed, now } = this.database;
    const moved = new Map<BuildId, boolean>();
    for (let at = feed.length - 1; at >= 0 && feed[at]!.version > version; at -= 1) {
      const { build, inserted } = feed[at]!;
      moved.set(build, inserted || moved.get(build) === true);
    }
    const told = evaluationFeed.filter((one) => one.version > version);
    return {
      position: this.position(),
      now,
      builds: [...moved].sort(([a], [b]) => a - b).map((one) => this.changeOf(...one)),
      evaluations: [...new Set(told.map(({ evaluation }) => evaluation))],
    };
  }

  async builds(builds: readonly BuildId[]): Promise<readonly GraphBuild[]> {
    const rows = builds.map((build) => this.database.builds.find(build)!);
    return this.withHeld(rows.filter((row) => !isFinal(row.status)));
  }

  async dependents(builds: readonly BuildId[]): Promise<readonly BuildId[]> {
    const rows = builds.flatMap((build) => this.database.dependentsOf(build));
    return [...new Set(rows.filter((row) => !isFinal(row.status)).map((row) => row.id))];
  }

  async demanded(builds: readonly BuildId[]): Promise<readonly Demanded[]> {
    return demandedOf(this.database, new Set(builds));
  }

  async forget(read: FeedPosition): Promise<void> {
    this.forgotten = Math.max(this.forgotten, Number(read));
  }

  async slice(since: FeedPosition, after: number, limit: number): Promise<AuditSlice | null> {
    const changes = await this.changes(since);
    if (!changes) return null;
    const all = this.database.builds.all().filter((row) => row.id > after);
    const looked = all.sort((a, b) => a.id - b.id).slice(0, limit);
    const unfinished = looked.filter((row) => !isFinal(row.status));
    return {
      changes,
      counts: unfinished.map((row) => ({
        build: row.id,
        unfinishedInputs: this.inputsOf(row).length,
      })),
      last: looked.length < limit ? null : looked.at(-1)!.id,
    };
  }

  private position(): FeedPosition {
    return String(this.database.version) as FeedPosition;
  }

  /** With the final builds that hold these back. */
  private withHeld(rows: readonly BuildRow[]): GraphBuild[] {
    const held = rows.flatMap((row) => this.inputsOf(row)).filter((row) => isFinal(row.status));
    return [
      ...[...new Set(held)].map((row) => this.graphBuild(row, [])),
      ...rows.map((row) =>
        this.graphBuild(
          row,
          this.inputsOf(row).map((input) => input.id),
        ),
      ),
    ];
  }

  private inputsOf(row: BuildRow): BuildRow[] {
    return this.database.inputsOf(row.id).filter((input) => input.status !== 'succeeded');
  }

  private graphBuild(row: BuildRow, inputs: readonly BuildId[]): GraphBuild {
    const derivation = this.database.derivations.find(row.id)!;
    const { packageName, system, requiredFeatures } = derivation;
    const learnt = this.database.durations.find(`${packageName} ${system}`);
    const { id: build, status, priority, notBefore, generation, scheduledAt, startedAt } = row;
    return {
      ...{ build, status, priority, notBefore, generation, scheduledAt, startedAt },
      ...{ system, requiredFeatures, inputs, packageName },
      estimateMs: learnt?.milliseconds ?? null,
      releasedTo: row.releaseExpiresAt === null ? null : row.workerClass,
      releaseExpiresAt: row.releaseExpiresAt,
      runningOn: this.runningOn(row),
    };
  }

  private changeOf(changed: BuildId, inserted: boolean): FeedChange {
    const row = this.database.builds.find(changed)!;
    const { id: build, status, priority, generation, notBefore, startedAt, endedAt } = row;
    const change = {
      ...{ build, inserted, status, priority, generation, notBefore, startedAt, endedAt },
      releasedTo: row.releaseExpiresAt === null ? null : row.workerClass,
      releaseExpiresAt: row.releaseExpiresAt,
    };
    return isFinal(status) ? change : { ...change, runningOn: this.runningOn(row) };
  }

  private runningOn(row: BuildRow): string | null {
    const lease = this.database.leases.find(row.id);
    return lease ? workerClassName(this.database.workers.find(lease.worker)!) : null;
  }
}
