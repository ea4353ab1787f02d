/** What the planner learns of the fake database beside the graph: demands and durations. */
import { isFinal } from '#domain/build/status.js';
import type { BuildId, EvaluationId } from '#domain/ids.js';
import type {
  Demanded,
  DurationStore,
  EvaluationJobs,
  EvaluationJobStore,
} from '#application/ports/planner-store.js';
import type { FakeFarmDatabase } from './farm-database.js';
import { isLiveRow } from './need-walk.js';

const remembered = 9;

export function demandedOf(
  { jobs, evaluations }: FakeFarmDatabase,
  builds: ReadonlySet<BuildId>,
): Demanded[] {
  const found = new Map<string, Demanded>();
  for (const { build, evaluation } of jobs.all()) {
    const row = evaluations.find(evaluation)!;
    if (build === null || !builds.has(build) || !isLiveRow(row)) continue;
    const { specification } = row;
    found.set(`${build} ${specification}`, { build, specification });
  }
  return [...found.values()];
}

export class FakeEvaluationJobStore implements EvaluationJobStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  async jobs(evaluation: EvaluationId, after: number): Promise<EvaluationJobs | null> {
    const row = this.database.evaluations.find(evaluation);
    if (!row) return null;
    const jobs = this.database.jobs.all();
    const told = jobs.filter((job) => job.evaluation === evaluation && job.id > after);
    return {
      specification: row.specification,
      open: row.status === 'started',
      live: isLiveRow(row),
      last: told.at(-1)?.id ?? after,
      builds: [...new Set(told.flatMap(({ build }) => build ?? []))],
    };
  }

  async unfinished(evaluation: EvaluationId): Promise<readonly BuildId[]> {
    const { jobs, builds } = this.database;
    const own = jobs.all().filter((job) => job.evaluation === evaluation);
    const named = new Set(own.flatMap(({ build }) => build ?? []));
    return [...named].filter((build) => !isFinal(builds.find(build)!.status));
  }
}

/** A mean in which the last ten attempts weigh most, on a worker of speed 1. */
export class FakeDurationStore implements DurationStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  learn(builds: readonly BuildId[]): Promise<void> {
    return this.database.transaction(() => {
      for (const [name, lasted] of this.lasted(new Set(builds))) this.take(name, lasted);
    });
  }

  private lasted(builds: ReadonlySet<BuildId>): Map<string, number[]> {
    const { attempts, derivations, workers } = this.database;
    const found = new Map<string, number[]>();
    for (const { build, worker, status, startedAt, endedAt } of attempts.all()) {
      if (!builds.has(build) || status !== 'succeeded') continue;
      if (startedAt === null || endedAt === null || endedAt < startedAt) continue;
      const { packageName, system } = derivations.find(build)!;
      const name = `${packageName} ${system}`;
      const milliseconds = (endedAt - startedAt) * Math.max(workers.find(worker)!.speed, 0.01);
      found.set(name, [...(found.get(name) ?? []), milliseconds]);
    }
    return found;
  }

  private take(name: string, lasted: readonly number[]): void {
    const { durations } = this.database;
    const sum = lasted.reduce((total, one) => total + one, 0);
    const known = durations.find(name);
    if (!known) {
      const [packageName, system] = name.split(' ') as [string, string];
      const milliseconds = sum / lasted.length;
      durations.insert({ packageName, system, milliseconds, samples: lasted.length });
      return;
    }
    const weight = Math.min(known.samples, remembered);
    durations.patch(known, {
      milliseconds: (known.milliseconds * weight + sum) / (weight + lasted.length),
      samples: known.samples + lasted.length,
    });
  }
}
