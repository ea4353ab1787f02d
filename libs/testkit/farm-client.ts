/** A farm as people reach it over HTTP: specifications, evaluations, jobs, builds, and waiting. */
import type { BuildAnswer } from '#protocol/api/build.js';
import type { EvaluationAnswer, JobAnswer } from '#protocol/api/evaluation.js';
import { answered } from './eventually.js';
import type { ScenarioChannel } from './scenario-channel.js';

const patienceMillis = 60_000;

export abstract class FarmClient {
  /** What its processes said, for a failing test to show. */
  readonly said: string[] = [];
  protected token = '';

  /** Of the api, without a trailing slash. */
  abstract get address(): string;

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.address}${path}`);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async text(path: string): Promise<string> {
    const answer = await fetch(`${this.address}${path}`);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  }

  async send(method: string, path: string, body?: object): Promise<Response> {
    const answer = await fetch(`${this.address}${path}`, {
      method,
      headers: {
        ...{ authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
        ...(method === 'PUT' && { 'if-match': '*' }),
      },
      body: JSON.stringify(body ?? {}),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  /** A specification of the `local` backend over this channel, polled only when asked. */
  async watch(name: string, channel: ScenarioChannel, more: object = {}): Promise<void> {
    await this.send('PUT', `/api/v1/specifications/${name}`, {
      name,
      backend: 'local',
      channels: [{ name: 'packages', url: channel.url, branch: 'main' }],
      selection: { file: 'farm.json' },
      period: 86_400,
      ...more,
    });
  }

  hook(name: string): Promise<Response> {
    return this.send('POST', `/jobset/${name}/hook/evaluate`);
  }

  async evaluations(specification: string): Promise<readonly EvaluationAnswer[]> {
    const path = `/api/v1/evaluations?specification=${specification}`;
    return (await this.get<{ items: EvaluationAnswer[] }>(path)).items;
  }

  /** The newest evaluation once `count` of them exist and it has ended. */
  evaluated(specification: string, count: number): Promise<EvaluationAnswer> {
    return this.until(`evaluation ${count} of ${specification}`, async () => {
      const all = await this.evaluations(specification);
      const newest = all[0];
      return all.length >= count && newest && newest.status !== 'started' ? newest : null;
    });
  }

  async jobs(evaluation: string): Promise<readonly JobAnswer[]> {
    const path = `/api/v1/evaluations/${evaluation}/jobs?limit=500`;
    return (await this.get<{ items: JobAnswer[] }>(path)).items;
  }

  /** The evaluation's jobs by name, once each is in a final status. */
  settled(evaluation: string): Promise<ReadonlyMap<string, JobAnswer>> {
    const running = ['scheduled', 'submitted', 'started'];
    return this.until(`jobs of evaluation ${evaluation}`, async () => {
      const jobs = await this.jobs(evaluation);
      if (jobs.length === 0 || jobs.some((job) => running.includes(job.status))) return null;
      return new Map(jobs.map((job) => [job.name, job]));
    });
  }

  build(id: string): Promise<BuildAnswer> {
    return this.get<BuildAnswer>(`/api/v1/builds/${id}`);
  }

  /** The build of that name once it runs. */
  running(evaluation: string, name: string): Promise<BuildAnswer> {
    return this.until(`${name} to run`, async () => {
      const job = (await this.jobs(evaluation)).find((one) => one.name === name);
      return job?.status === 'started' && job.build ? this.build(job.build) : null;
    });
  }

  /** Looks until the question has an answer; the farm's own signals do not reach outside it. */
  async until<T>(what: string, question: () => Promise<T | null>): Promise<T> {
    return answered(what, question, patienceMillis).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.said.slice(-40).join('\n')}`);
    });
  }
}
