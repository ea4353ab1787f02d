/**
 * A whole farm of real processes on a real Postgres and Redis, with as many apis as a test wants,
 * whose workers are the built worker agent. Reached as people and workers reach it.
 */
import * as fs from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#adapters/postgres/embedded.js';
import { Database } from '#adapters/postgres/database.js';
import type { AttemptAnswer, BuildAnswer } from '#protocol/api/build.js';
import type { JobAnswer } from '#protocol/api/evaluation.js';
import type { WorkerAnswer } from '#protocol/api/worker.js';
import { answered } from '#testkit/eventually.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { ScenarioChannel, type Recipe } from '#testkit/scenario-channel.js';
import { killAttempt } from '../../../apps/worker/attempt/processes.js';
import { FarmProgram, type FarmApp } from './farm-program.js';
import { WorkerProcess } from './worker-process.js';

export interface FarmWish {
  readonly apis?: number;
  readonly leaseSeconds?: number;
}

export class RealFarm {
  readonly apis: FarmProgram[] = [];
  readonly #others: FarmProgram[] = [];
  readonly #workers: WorkerProcess[] = [];
  readonly #names = new Set<string>();
  #token = '';
  #specifications = 0;

  private constructor(
    readonly directory: string,
    readonly database: Database,
    private readonly servers: readonly [TestPostgres, TestRedis],
  ) {}

  static async start({ apis = 1, leaseSeconds = 5 }: FarmWish = {}): Promise<RealFarm> {
    const servers = await Promise.all([startTestPostgres(), startTestRedis()]);
    const [postgres, redis] = servers;
    const { url } = await postgres.freshDatabase();
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-farm-'));
    await chmod(directory, 0o755);
    const farm = new RealFarm(directory, new Database(url, 4), servers);
    const substituterPort = await freePort();
    const environment = {
      ...{ GAMBESON_DATA: join(directory, 'data'), DATABASE_URL: url, REDIS_URL: redis.url },
      GAMBESON_SUBSTITUTER_URL: `http://127.0.0.1:${substituterPort}`,
      GAMBESON_LEASE_SECONDS: String(leaseSeconds),
      GAMBESON_PRIVATE_CHANNELS: '127.0.0.1',
    };
    const make = async (app: FarmApp, port?: number): Promise<FarmProgram> =>
      new FarmProgram(app, port ?? (await freePort()), environment);
    farm.#others.push(await make('substituter', substituterPort));
    await farm.#others[0]!.start();
    for (let i = 0; i < apis; i++) farm.apis.push(await (await make('api')).start());
    farm.#others.push(await make('coordinator'), await make('evaluator'));
    await Promise.all(farm.#others.slice(1).map((one) => one.start()));
    farm.#token = await readFile(join(directory, 'data', 'secrets', 'admin-token'), 'utf8');
    return farm;
  }

  async stop(): Promise<void> {
    for (const worker of this.#workers) await worker.end();
    for (const name of this.#names) this.#killAttempts(name);
    await Promise.all([...this.apis, ...this.#others].map((one) => one.end()));
    await this.database.close();
    for (const server of this.servers) await server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** Any api that answers. */
  async request(method: string, path: string, body?: object): Promise<Response> {
    let fault: unknown;
    for (const { address } of this.apis) {
      try {
        return await fetch(`${address}${path}`, {
          method,
          headers: {
            authorization: `Bearer ${this.#token.trim()}`,
            ...(body ? { 'content-type': 'application/json' } : {}),
            ...(method === 'PUT' ? { 'if-match': '*' } : {}),
          },
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
      } catch (thrown) {
        fault = thrown;
      }
    }
    throw fault;
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.request('GET', path);
    if (!answer.ok) throw new Error(`GET ${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as T;
  }

  async send<T>(method: string, path: string, body: object = {}): Promise<T> {
    const answer = await this.request(method, path, body);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return (text === '' ? null : JSON.parse(text)) as T;
  }

  /** Builds these recipes: a channel and a specification of their own; builds by job name. */
  async evaluate(
    recipes: readonly Recipe[],
    more: Readonly<Record<string, unknown>> = {},
  ): Promise<ReadonlyMap<string, string>> {
    const name = `spec-${++this.#specifications}`;
    const channel = await ScenarioChannel.create(join(this.directory, 'channels', name));
    await channel.commitRecipes(recipes);
    await this.send('PUT', `/api/v1/specifications/${name}`, {
      ...{ name, backend: 'local', selection: { file: 'farm.json' }, period: 86_400 },
      channels: [{ name: 'packages', url: channel.url, branch: 'main' }],
      ...more,
    });
    return this.until(`the jobs of ${name}`, async () => {
      const path = `/api/v1/evaluations?specification=${name}`;
      const [evaluation] = (await this.get<{ items: { id: string; status: string }[] }>(path))
        .items;
      if (!evaluation || evaluation.status === 'started') return null;
      const jobs = await this.get<{ items: JobAnswer[] }>(
        `/api/v1/evaluations/${evaluation.id}/jobs?limit=500`,
      );
      return new Map(jobs.items.map((job) => [job.name, job.build ?? '']));
    });
  }

  dataOf(name: string): string {
    return join(this.directory, 'workers', name);
  }

  /** The agent of that name; enrolled when it is started for the first time. */
  async worker(name: string, ...options: readonly string[]): Promise<WorkerProcess> {
    const data = this.dataOf(name);
    const tokenFile = join(this.directory, `${name}.token`);
    if (!fs.existsSync(data)) {
      const { token } = await this.send<{ token: string }>('POST', '/api/v1/workers/tokens');
      fs.mkdirSync(data, { recursive: true });
      await writeFile(tokenFile, token);
    }
    this.#names.add(name);
    const address = options.includes('--farm') ? [] : ['--farm', this.apis[0]!.address];
    const worker = new WorkerProcess([
      ...[...address, '--data', data, '--name', name, '--token-file', tokenFile],
      ...['--backends', 'local', '--systems', 'x86_64-linux', ...options],
    ]);
    this.#workers.push(worker);
    return worker;
  }

  async answerOf(name: string): Promise<WorkerAnswer | undefined> {
    const { items } = await this.get<{ items: WorkerAnswer[] }>('/api/v1/workers');
    return items.find((one) => one.name === name);
  }

  /** The worker once it is in that state. */
  inState(name: string, state: WorkerAnswer['state']): Promise<WorkerAnswer> {
    return this.until(`${name} to be ${state}`, async () => {
      const answer = await this.answerOf(name);
      return answer?.state === state ? answer : null;
    });
  }

  build(id: string): Promise<BuildAnswer> {
    return this.get<BuildAnswer>(`/api/v1/builds/${id}`);
  }

  /** The build once it is in that status. */
  is(build: string, status: BuildAnswer['status']): Promise<BuildAnswer> {
    return this.until(`build ${build} to be ${status}`, async () => {
      const answer = await this.build(build);
      return answer.status === status ? answer : null;
    });
  }

  async attemptsOf(build: string): Promise<readonly AttemptAnswer[]> {
    return (await this.build(build)).attempts;
  }

  async logOf(build: string): Promise<string> {
    return (await this.request('GET', `/api/v1/builds/${build}/log`)).text();
  }

  /** Looks until the question has an answer: what the farm does is not signalled outside it. */
  async until<T>(what: string, question: () => Promise<T | null>): Promise<T> {
    return answered(what, question).catch((thrown: unknown) => {
      const said = this.#workers.map((worker) => worker.output).join('\n');
      throw new Error(`${String(thrown)}\n${said}`);
    });
  }

  #killAttempts(name: string): void {
    const attempts = join(this.dataOf(name), 'attempts');
    if (!fs.existsSync(attempts)) return;
    for (const attempt of fs.readdirSync(attempts)) killAttempt(join(attempts, attempt), null);
  }
}
