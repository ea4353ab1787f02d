/** An evaluation as it stands at one moment: what runs, what failed, and how much is left. */
import type { Client } from '#client/client.js';
import { getBuildHistory, listBuildDependents } from '#client/generated/builds.js';
import {
  getEvaluation,
  listEvaluationJobs,
  listEvaluationRootCauses,
  type JobAnswer,
} from '#client/generated/evaluations.js';
import { getBuild } from '#client/generated/builds.js';
import type { EvaluationAnswer, JobStatusWord } from '#client/generated/shared.js';
import { secondsBetween } from '#views/words.js';

export interface Failure {
  readonly job: JobAnswer;
  /** Jobs of the evaluation that fail because of it. */
  readonly blocks: number;
  readonly examples: readonly string[];
}

export interface Running {
  readonly job: JobAnswer;
  readonly startedAt: string | null;
  /** Of the last builds of the same name and system; null when there are none. */
  readonly averageSeconds: number | null;
  readonly worker: string | null;
  /** What waits for it, as far as it is told. */
  readonly dependents: readonly string[];
}

/** One of the jobs that wait while nothing runs: it may wait for ever. */
export interface Waiting {
  readonly job: JobAnswer;
  readonly sentence: string;
}

export interface Snapshot {
  readonly evaluation: EvaluationAnswer;
  /** Null while anything runs. */
  readonly waiting: Waiting | null;
  readonly running: readonly Running[];
  readonly failures: readonly Failure[];
}

/** So many jobs of each kind are read at a time. */
const readAtMost = 200;
/** So many running builds are told with their durations; others by name alone. */
const lookedAtAtMost = 40;
const averagedBuilds = 10;

export class SnapshotReader {
  private readonly details = new Map<string, Omit<Running, 'job'>>();

  constructor(
    private readonly client: Client,
    readonly id: string,
  ) {}

  async read(): Promise<Snapshot> {
    const path = { id: this.id };
    const evaluation = await getEvaluation(this.client, { path });
    const { jobs } = evaluation;
    const running = jobs.started ? await this.jobs('started') : [];
    const failed = (['failed', 'failed-other', 'error'] as const).filter((one) => jobs[one]);
    const failures = (await Promise.all(failed.map((one) => this.jobs(one)))).flat();
    const idle = !jobs.started && !jobs.submitted && Boolean(jobs.scheduled);
    return {
      evaluation,
      waiting: idle ? await this.waiting() : null,
      running: await this.running(running),
      failures: await this.failures(failures, Boolean(jobs['failed-dependency'])),
    };
  }

  /** One job of the evaluation, as it stands now; null when its build cannot be told. */
  async job(job: JobAnswer): Promise<JobAnswer | null> {
    if (job.build === null) return null;
    const build = await getBuild(this.client, { path: { id: job.build } });
    return { ...job, status: build.status, reason: build.reason, endedAt: build.endedAt };
  }

  private async waiting(): Promise<Waiting | null> {
    const query = { status: 'scheduled', limit: 1 } as const;
    const path = { id: this.id };
    const [job] = (await listEvaluationJobs(this.client, { path, query })).items;
    if (!job || job.build === null) return null;
    const { wait } = await getBuild(this.client, { path: { id: job.build } });
    return wait === null ? null : { job, sentence: wait.sentence };
  }

  private async jobs(status: JobStatusWord): Promise<readonly JobAnswer[]> {
    const query = { status, limit: readAtMost };
    return (await listEvaluationJobs(this.client, { path: { id: this.id }, query })).items;
  }

  private async running(jobs: readonly JobAnswer[]): Promise<Running[]> {
    const gone = new Set(this.details.keys());
    const told: Running[] = [];
    for (const job of jobs) {
      const build = job.build ?? '';
      gone.delete(build);
      if (!this.details.has(build) && told.length < lookedAtAtMost) {
        this.details.set(build, await this.lookAt(build));
      }
      told.push({ job, ...(this.details.get(build) ?? nothing) });
    }
    for (const build of gone) this.details.delete(build);
    return told;
  }

  private async lookAt(id: string): Promise<Omit<Running, 'job'>> {
    const path = { id };
    const [build, history, dependents] = await Promise.all([
      getBuild(this.client, { path }),
      getBuildHistory(this.client, { path }),
      listBuildDependents(this.client, { path, query: { limit: 3 } }),
    ]);
    const before = history.builds.filter((one) => one.status === 'succeeded' && one.id !== id);
    const spans = before
      .slice(0, averagedBuilds)
      .map(({ startedAt, endedAt }) => secondsBetween(startedAt, endedAt));
    const sum = spans.reduce((all, one) => all + one, 0);
    return {
      startedAt: build.startedAt,
      averageSeconds: spans.length === 0 ? null : sum / spans.length,
      worker: build.attempts.findLast((one) => one.endedAt === null)?.worker.name ?? null,
      dependents: dependents.items
        .filter((one) => one.status === 'scheduled')
        .map((one) => one.name),
    };
  }

  private async failures(jobs: readonly JobAnswer[], blocked: boolean): Promise<Failure[]> {
    if (jobs.length === 0) return [];
    const path = { id: this.id };
    const causes = blocked
      ? (await listEvaluationRootCauses(this.client, { path, query: { limit: readAtMost } })).items
      : [];
    const byBuild = new Map(causes.map((cause) => [cause.build?.id, cause]));
    return jobs
      .map((job) => {
        const cause = job.build === null ? undefined : byBuild.get(job.build);
        const examples = cause?.examples.map(({ name }) => name) ?? [];
        return { job, blocks: cause?.blocks ?? 0, examples };
      })
      .sort((a, b) => b.blocks - a.blocks);
  }
}

const nothing = { startedAt: null, averageSeconds: null, worker: null, dependents: [] } as const;
