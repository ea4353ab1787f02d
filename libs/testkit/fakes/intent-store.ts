/** Intents of the fake database, carried out by walks over its rows. */
import { restartModes } from '#domain/build/restart.js';
import type { FallenBuild } from '#domain/build/rising.js';
import { isFailed, type BuildStatus } from '#domain/build/status.js';
import { id, type IntentId } from '#domain/ids.js';
import type {
  Canceled,
  CancelIntent,
  Intent,
  IntentStore,
  RestartIntent,
} from '#application/ports/intent-store.js';
import type { BuildRow, IntentRow, LeaseRow } from '../farm-subject.js';
import { cancelScheduled, keepRunning, scheduleAgain } from './build-lives.js';
import type { FakeFarmDatabase } from './farm-database.js';
import { below, jobsOf, unneededBy, walk } from './need-walk.js';

type Tell = (part: Canceled) => Promise<boolean>;

const partSize = 2;

type Asked = Pick<IntentRow, 'kind' | 'reason'> & Partial<IntentRow>;

/** As writers leave it for the coordinator, in their own transaction. */
export function ask(database: FakeFarmDatabase, asked: Asked): IntentId {
  const intent = id<IntentId>(database.next('intents'));
  database.intents.insert({
    ...{ mode: null, evaluation: null, build: null, finishedAt: null, ...asked },
    ...{ id: intent, requestedAt: database.now },
  });
  return intent;
}

export class FakeIntentStore implements IntentStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  async next(): Promise<Intent | null> {
    const open = this.database.intents.all().filter((row) => row.finishedAt === null);
    const [oldest] = open.sort((a, b) => a.id - b.id);
    return oldest ? intentOf(oldest) : null;
  }

  async fallen(intent: RestartIntent): Promise<readonly FallenBuild[]> {
    const origins: readonly BuildStatus[] = restartModes[intent.mode];
    const { requestedAt } = this.database.intents.find(intent.id)!;
    const failsAgain = ({ status, endedAt }: BuildRow): boolean =>
      status !== 'failed-dependency' && origins.includes(status) && endedAt! > requestedAt;
    return [...this.members(intent)]
      .filter((row) => (isFailed(row.status) || row.status === 'canceled') && !failsAgain(row))
      .map((row) => ({
        ...{ id: row.id, status: row.status },
        inputs: this.failedInputs(row).map((input) => input.id),
      }));
  }

  reschedule(_intent: RestartIntent, builds: readonly number[]): Promise<number> {
    return this.database.transaction(() => {
      const rows = builds.map((build) => this.database.builds.find(build)!);
      const moved = scheduleAgain(this.database, rows);
      keepRunning(this.database, rows);
      return moved;
    });
  }

  /** What runs and what is released is the first part, as on Postgres; the others are small. */
  async cancel(intent: CancelIntent, tell: Tell = async () => true): Promise<Canceled> {
    const unneeded = unneededBy(this.database, intent.evaluation);
    if (unneeded.length === 0) return { builds: 0, workers: [] };
    this.database.cancelEpoch += 1;
    const isFirst = (row: BuildRow): boolean =>
      row.status !== 'scheduled' || row.releaseExpiresAt !== null;
    const others = unneeded.filter((row) => !isFirst(row));
    const parts = [unneeded.filter(isFirst)];
    while (others.length > 0) parts.push(others.splice(0, partSize));
    let canceled: Canceled = { builds: 0, workers: [] };
    for (const rows of parts) {
      const part = await this.cancelPart(intent, rows);
      const workers = [...canceled.workers, ...part.workers];
      canceled = { builds: canceled.builds + part.builds, workers };
      if (!(await tell(part))) break;
    }
    return canceled;
  }

  finish(intent: Intent): Promise<number> {
    return this.database.transaction(() => {
      const { builds, intents, now } = this.database;
      const members = intent.kind === 'cancel' ? [] : [...this.members(intent)];
      const scheduled = members.filter((row) => row.status === 'scheduled');
      const failures = new Set(scheduled.flatMap((row) => this.failedInputs(row)));
      const untold = [...failures].filter((row) => row.failurePropagated);
      for (const row of untold) builds.patch(row, { failurePropagated: false });
      const row = intents.find(intent.id)!;
      if (row.finishedAt === null) intents.patch(row, { finishedAt: now });
      return untold.length;
    });
  }

  private cancelPart({ reason }: CancelIntent, rows: readonly BuildRow[]): Promise<Canceled> {
    return this.database.transaction(() => {
      const { leases } = this.database;
      const waiting = rows.filter((row) => row.status === 'scheduled');
      const running = rows.flatMap((row): LeaseRow[] => {
        const lease = leases.find(row.id);
        return lease?.cancelReason === null ? [lease] : [];
      });
      for (const row of waiting) cancelScheduled(this.database, row);
      for (const lease of running) leases.patch(lease, { cancelReason: reason });
      const workers = running.map((lease) => lease.worker);
      return { builds: waiting.length + running.length, workers };
    });
  }

  /** Everything that could have fallen with a build; or that an evaluation needs and lacks. */
  private members({ of }: RestartIntent): Set<BuildRow> {
    const { database } = this;
    if (of.build === undefined) return below(database, jobsOf(database, of.evaluation));
    const stands: readonly BuildStatus[] = ['failed', 'failed-other', 'canceled'];
    return walk([database.builds.find(of.build)!], (row) =>
      database.dependentsOf(row.id).filter((dependent) => !stands.includes(dependent.status)),
    );
  }

  private failedInputs({ id: build }: BuildRow): BuildRow[] {
    return this.database.inputsOf(build).filter((input) => isFailed(input.status));
  }
}

function intentOf({ id: intent, kind, reason, mode, evaluation, build }: IntentRow): Intent {
  if (kind === 'cancel') return { id: intent, kind, reason, evaluation: evaluation! };
  const of = build === null ? { evaluation: evaluation! } : { build };
  return { id: intent, kind, reason, mode: mode!, of };
}
