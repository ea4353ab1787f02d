/** Watches the demo until nothing of it moves any more, and tells what became of each job. */
import { setTimeout as pause } from 'node:timers/promises';
import { everyItem, type Client } from '#client/client.js';
import { getBuild } from '#client/generated/builds.js';
import {
  listEvaluationJobs,
  type ListEvaluationJobsAnswer,
} from '#client/generated/evaluations.js';
import { getSpecification, type SpecificationAnswer } from '#client/generated/specifications.js';
import { listWorkers } from '#client/generated/workers.js';
import { Refused } from '#client/refused.js';
import { FarmFault } from '#std/farm-fault.js';
import { isFinal, type BuildStatus } from '#domain/build/status.js';
import { demoName, ownSystem } from './demo-channel.js';
import type { Narrator } from './narrator.js';

type Job = ListEvaluationJobsAnswer['items'][number];

export interface SettledJob {
  readonly name: string;
  readonly system: string;
  readonly status: string;
  /** Why it failed, why it waits, or what the evaluator said. */
  readonly reason: string | null;
}

const lookEveryMillis = 400;
/**
 * A wait for a machine that nobody has is an end, too; our own workers may still be on their way.
 */
const endlessWait = 'no-worker-for-system';

/** A worker of other people's that was cut off by our start has come back within ten seconds. */
const lonelyMillis = 15_000;

export interface DemoWatchOptions {
  /** The command that fetches a store path. */
  readonly fetchCommand: (path: string) => string;
  /** Nobody here starts a worker, and nobody waits for one to come from elsewhere. */
  readonly needsWorker: boolean;
}

export class DemoWatch {
  private fetchable: string | null = null;
  private lonelySince: number | null = null;

  constructor(
    private readonly client: Client,
    private readonly narrator: Narrator,
    private readonly options: DemoWatchOptions,
  ) {}

  /**
   * Resolves with every job once all are settled; null when `signal` came first. Throws
   * `misconfigured` when builds wait, a worker is needed and none is there.
   */
  async untilSettled(signal: AbortSignal): Promise<SettledJob[] | null> {
    let trouble = '';
    while (!signal.aborted) {
      try {
        const settled = await this.look();
        if (settled) return settled;
      } catch (error) {
        // An app that is being started again does not answer; each trouble is told once.
        const sentence = String((error as Error).message);
        if (sentence !== trouble && !signal.aborted) this.narrator.say(`demo: ${sentence}`);
        trouble = sentence;
      }
      if (this.isForsaken) throw new FarmFault('misconfigured', forsaken, 'never');
      await pause(lookEveryMillis, undefined, { signal }).catch(() => undefined);
    }
    return null;
  }

  private get isForsaken(): boolean {
    return this.lonelySince !== null && performance.now() - this.lonelySince > lonelyMillis;
  }

  private async look(): Promise<SettledJob[] | null> {
    const specification = await findSpecification(this.client, demoName);
    const evaluation = specification?.lastEvaluation;
    if (!evaluation) return null;
    const jobs = await this.jobsOf(evaluation.id);
    await this.tellFirstResult(jobs);
    if (evaluation.status === 'started') return null;
    if (evaluation.status !== 'succeeded') {
      this.narrator.say(`the demo's evaluation ${evaluation.status}: ${evaluation.message ?? ''}`);
    }
    const settled: SettledJob[] = [];
    for (const job of jobs) {
      const end = await this.endOf(job);
      if (end === null) return this.missWorker();
      settled.push(end);
    }
    return settled;
  }

  private async jobsOf(id: string): Promise<Job[]> {
    const page = (cursor?: string): Promise<ListEvaluationJobsAnswer> => {
      const query = { limit: 500, ...(cursor !== undefined && { cursor }) };
      return listEvaluationJobs(this.client, { path: { id }, query });
    };
    const jobs: Job[] = [];
    for await (const job of everyItem(page)) jobs.push(job);
    return jobs;
  }

  /** Whether any worker is there, whatever it takes. */
  private async hasWorker(): Promise<boolean> {
    const { items } = await listWorkers(this.client);
    return items.some(({ state }) => state !== 'offline' && state !== 'refused');
  }

  private async missWorker(): Promise<null> {
    const lonely = this.options.needsWorker && !(await this.hasWorker());
    this.lonelySince = lonely ? (this.lonelySince ?? performance.now()) : null;
    return null;
  }

  private async endOf(job: Job): Promise<SettledJob | null> {
    const { name, system, status } = job;
    if (status === 'error') return { name, system, status, reason: firstLine(job.error) };
    if (isFinal(status as BuildStatus)) return { name, system, status, reason: job.reason };
    if (job.build === null || system === ownSystem()) return null;
    const { wait } = await getBuild(this.client, { path: { id: job.build } });
    return wait?.reason === endlessWait ? { name, system, status, reason: endlessWait } : null;
  }

  private async tellFirstResult(jobs: readonly Job[]): Promise<void> {
    if (this.fetchable !== null) return;
    const done = jobs.find((job) => job.status === 'succeeded' && job.build !== null);
    if (!done) return;
    const build = await getBuild(this.client, { path: { id: done.build! } });
    const path = build.outputs.find(({ name, offered }) => offered && name === 'out')?.path;
    if (!path) return;
    this.fetchable = path;
    const command = this.options.fetchCommand(path);
    this.narrator.fact('fetchable', { path, command }, `\nFetch ${done.name}:\n  ${command}\n`);
  }
}

/** Null when there is none of that name. */
export async function findSpecification(
  client: Client,
  name: string,
): Promise<SpecificationAnswer | null> {
  try {
    return await getSpecification(client, { path: { name } });
  } catch (refusal) {
    if (refusal instanceof Refused && refusal.status === 404) return null;
    throw refusal;
  }
}

const forsaken =
  'builds of the demo wait, no worker is there, and none is started here (--workers 0)';

/** Counts by status, then every job that did not simply succeed. */
export function summaryOf(jobs: readonly SettledJob[]): string {
  const counts = new Map<string, number>();
  for (const { status } of jobs) counts.set(status, (counts.get(status) ?? 0) + 1);
  const told = [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([status, count]) => `${count} ${status}`)
    .join(', ');
  const rows = jobs
    .filter((job) => job.status !== 'succeeded')
    .map((job) => `  ${job.name.padEnd(24)} ${job.status.padEnd(18)} ${job.reason ?? ''}`);
  return [`${jobs.length} jobs: ${told}`, ...rows.sort()].join('\n');
}

function firstLine(text: string | null): string | null {
  return text === null ? null : (text.split('\n').find((line) => line.trim() !== '') ?? null);
}
