/**
 * A whole farm for a scenario: `gambeson up` from the built programs, with real servers and
 * processes on ports and data of its own, reached only as people reach it: over HTTP, git and
 * signals.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as pause } from 'node:timers/promises';
import type { BuildAnswer } from '#protocol/api/build.js';
import type { EvaluationAnswer, JobAnswer } from '#protocol/api/evaluation.js';
import { freePort } from '#adapters/postgres/embedded.js';
import { ScenarioChannel } from './scenario-channel.js';

const program = fileURLToPath(new URL('../../dist/apps/cli/main.js', import.meta.url));
const patienceMillis = 60_000;
const lookAgainMillis = 50;

export interface Wanted {
  readonly workers?: number;
  readonly maxJobs?: number;
  readonly cores?: number;
  readonly leaseSeconds?: number;
  readonly more?: readonly string[];
}

interface UpEvent {
  readonly event: string;
  readonly [field: string]: unknown;
}

export class ScenarioFarm {
  readonly pids = new Map<string, number>();
  /** What the supervisor said, for a failing test to show. */
  readonly said: string[] = [];
  private readonly waiting = new Set<(event: UpEvent) => void>();
  private facts: Record<string, string> = {};
  private token = '';

  private constructor(
    readonly directory: string,
    private readonly child: ChildProcess,
  ) {
    createInterface({ input: child.stdout! }).on('line', (line) => this.hear(line));
    createInterface({ input: child.stderr! }).on('line', (line) => this.said.push(line));
  }

  static async start(wanted: Wanted = {}): Promise<ScenarioFarm> {
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-scenario-'));
    await chmod(directory, 0o755);
    const ports = [await freePort(), await freePort()];
    const flags = [
      ...['--json', '--no-demo', '--data', join(directory, 'farm')],
      ...['--port', String(ports[0]), '--substituter-port', String(ports[1])],
      ...['--workers', String(wanted.workers ?? 2), '--max-jobs', String(wanted.maxJobs ?? 2)],
      ...['--cores', String(wanted.cores ?? 1)],
      ...['--lease-seconds', String(wanted.leaseSeconds ?? 5)],
      ...(wanted.more ?? []),
    ];
    const child = spawn(process.execPath, [program, 'up', ...flags], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const farm = new ScenarioFarm(directory, child);
    const up = await farm.event((event) => event.event === 'up');
    farm.facts = up as unknown as Record<string, string>;
    farm.token = (await readFile(farm.fact('adminTokenFile'), 'utf8')).trim();
    return farm;
  }

  fact(name: string): string {
    return String(this.facts[name]);
  }

  newChannel(name = 'packages'): Promise<ScenarioChannel> {
    return ScenarioChannel.create(join(this.directory, 'channels', name));
  }

  async get<T>(path: string): Promise<T> {
    const answer = await fetch(`${this.fact('dashboard')}${path}`);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async text(path: string): Promise<string> {
    const answer = await fetch(`${this.fact('dashboard')}${path}`);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return answer.text();
  }

  async send(method: string, path: string, body?: object): Promise<Response> {
    const answer = await fetch(`${this.fact('dashboard')}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' },
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

  /**
   * Kills one of the farm's processes as it was started first; with restart it is up again after.
   */
  async kill(name: string): Promise<void> {
    const pid = this.pids.get(name);
    if (pid === undefined) throw new Error(`${name} was never started`);
    const again = this.event((e) => e.event === 'said' && e['text'] === `${name} is up again`);
    process.kill(pid, 'SIGKILL');
    await again;
  }

  /** Looks until the question has an answer; the farm's own signals do not reach outside it. */
  async until<T>(what: string, question: () => Promise<T | null>): Promise<T> {
    const deadline = performance.now() + patienceMillis;
    let fault: unknown = '';
    while (performance.now() < deadline) {
      const answer = await question().catch((error: unknown) => {
        fault = error;
        return null;
      });
      if (answer !== null) return answer;
      await pause(lookAgainMillis);
    }
    throw new Error(`waited in vain for ${what} ${fault}\n${this.said.slice(-40).join('\n')}`);
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const gone = once(this.child, 'exit');
      this.child.kill('SIGTERM');
      await gone;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  private hear(line: string): void {
    this.said.push(line);
    if (!line.startsWith('{')) return;
    const event = JSON.parse(line) as UpEvent;
    if (event.event === 'started') this.pids.set(String(event['name']), Number(event['pid']));
    for (const listener of this.waiting) listener(event);
  }

  private event(wanted: (event: UpEvent) => boolean): Promise<UpEvent> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`the farm did not say it:\n${this.said.slice(-40).join('\n')}`)),
        patienceMillis,
      );
      const ended = (code: number | null): void =>
        reject(new Error(`the farm ended with ${code}:\n${this.said.slice(-40).join('\n')}`));
      this.child.once('exit', ended);
      const listener = (event: UpEvent): void => {
        if (!wanted(event)) return;
        clearTimeout(late);
        this.child.off('exit', ended);
        this.waiting.delete(listener);
        resolve(event);
      };
      this.waiting.add(listener);
    });
  }
}
