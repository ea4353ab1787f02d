/**
 * A farm under faults: two of every app as real processes against one Postgres and one Redis that
 * may be killed, with a proxy in the hand of the test before each worker and before the
 * substituters. Builds that shall last wait for a gate which the test opens.
 */
import { mkdir, mkdtemp, chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AttemptAnswer, BuildAnswer } from '#protocol/api/build.js';
import { FarmProcess, type ProcessPlan } from './faults/farm-process.js';
import { KillablePostgres, type PostgresPair } from './faults/killable-postgres.js';
import { TcpProxy } from './faults/tcp-proxy.js';
import { ProcessFarm } from './process-farm.js';
import { startTestRedis, type TestRedis } from './redis.js';
import type { ScenarioChannel } from './scenario-channel.js';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
export const appNames = ['api', 'substituter', 'coordinator', 'evaluator'] as const;
export type AppName = (typeof appNames)[number];

export interface FaultWish {
  readonly leaseSeconds?: number;
  readonly workers?: number;
  readonly maxJobs?: number;
  /** Postgres has a standby, see `failOver`. */
  readonly standby?: boolean;
  /** Further variables of every app. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Waits in a builder until the test opens the gate of the attempt. */
export const gate = 'until [ -e go ]; do sleep 0.1; done';
/** The end of a builder that has nothing more to say. */
export const anOutput = 'mkdir "$out"; echo made > "$out/story"';

export class FaultFarm extends ProcessFarm {
  /** One before each worker, by the worker's name. */
  readonly wires = new Map<string, TcpProxy>();
  front!: TcpProxy;
  substituters!: TcpProxy;
  /** Before Redis, for all apps. */
  queue!: TcpProxy;
  /** Before Postgres, for all apps. */
  database!: TcpProxy;

  private constructor(
    directory: string,
    private readonly wish: FaultWish,
    postgres: KillablePostgres,
    public redis: TestRedis,
    private readonly pair: PostgresPair | null,
  ) {
    super(directory, postgres);
  }

  static async start(wish: FaultWish = {}): Promise<FaultFarm> {
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-faults-'));
    await chmod(directory, 0o755);
    const pair = wish.standby ? await KillablePostgres.startPair() : null;
    const postgres = pair?.primary ?? (await KillablePostgres.start());
    const farm = new FaultFarm(directory, wish, postgres, await startTestRedis(), pair);
    try {
      await farm.open();
    } catch (error) {
      await farm.stop();
      throw error;
    }
    return farm;
  }

  get address(): string {
    return this.front.address;
  }

  get leaseSeconds(): number {
    return this.wish.leaseSeconds ?? 3;
  }

  get workers(): string[] {
    return [...this.wires.keys()];
  }

  process(name: string): FarmProcess {
    const found = this.processes.get(name);
    if (!found) throw new Error(`${name} was never started`);
    return found;
  }

  /** `api` answers both of them. */
  both(app: AppName): FarmProcess[] {
    return [this.process(`${app}-1`), this.process(`${app}-2`)];
  }

  /** Starts it anew, with more in its environment when told so. */
  async startAgain(name: string, more: Record<string, string> = {}): Promise<FarmProcess> {
    const { plan } = this.process(name);
    return this.launch({ ...plan, environment: { ...plan.environment, ...more } });
  }

  async killAndStart(name: string): Promise<void> {
    await this.process(name).kill();
    await this.startAgain(name);
  }

  /** A specification of these recipes, evaluated; the id of its evaluation. */
  async evaluate(
    name: string,
    recipes: Parameters<ScenarioChannel['commitRecipes']>[0],
  ): Promise<string> {
    const channel = await this.newChannel();
    await channel.commitRecipes(recipes);
    await this.watch(name, channel);
    return (await this.evaluated(name, 1)).id;
  }

  /** The newest attempt of the build, once it runs on a worker and the farm knows. */
  async attempt(build: string, after = 0): Promise<AttemptAnswer> {
    return this.until(`attempt ${after + 1} of build ${build} to run`, async () => {
      const last = attemptsOf(await this.build(build)).at(-1);
      return last && last.number > after && last.status === 'started' ? last : null;
    });
  }

  /** The build of that job, whatever its status. */
  async buildOf(evaluation: string, name: string): Promise<string> {
    const jobs = await this.jobs(evaluation);
    const job = jobs.find((one) => one.name === name);
    if (job?.build) return job.build;
    const told = await this.get(`/api/v1/evaluations/${evaluation}`);
    throw new Error(`no build of ${name}: ${JSON.stringify([told, jobs])}`);
  }

  ended(build: string): Promise<BuildAnswer> {
    return this.until(`build ${build} to end`, async () => {
      const now = await this.build(build);
      return ['scheduled', 'submitted', 'started'].includes(now.status) ? null : now;
    });
  }

  /** Lets the builder of that attempt pass its gate. */
  async openGate(attempt: AttemptAnswer): Promise<void> {
    const work = join(this.attemptDirectory(attempt), 'work', 'build');
    await writeFile(join(work, 'go'), '');
  }

  /** Its end, every attempt of it having passed its gate at once. */
  async endedThroughGates(build: string): Promise<BuildAnswer> {
    const opened = new Set<string>();
    return this.until(`build ${build} to end`, async () => {
      const now = await this.build(build);
      const last = now.attempts.find((one) => one.status === 'started');
      if (last && !opened.has(last.id)) {
        await this.openGate(last);
        opened.add(last.id);
      }
      return now.endedAt === null ? null : now;
    });
  }

  attemptDirectory({ id, worker }: AttemptAnswer): string {
    return join(this.dataOf(worker.name), 'attempts', id);
  }

  dataOf(worker: string): string {
    return join(this.directory, 'workers', worker);
  }

  otherWorker(name: string): string {
    return this.workers.find((other) => other !== name) ?? name;
  }

  /** The supervisors of a worker's attempts. */
  supervisors(worker: string): number[] {
    const attempts = join(this.dataOf(worker), 'attempts');
    try {
      return readdirSync(attempts).flatMap((id) => supervisorIn(join(attempts, id)));
    } catch {
      return [];
    }
  }

  /** The whole machine is gone: the agent and all supervisors, with no word. */
  async killMachine(worker: string): Promise<void> {
    await this.process(worker).kill();
    for (const pid of this.supervisors(worker)) signalGroup(pid, 'SIGKILL');
  }

  /** Starts it anew as the version whose `dist` lies in that directory. */
  async startAs(directory: string, name: string): Promise<FarmProcess> {
    const { plan } = this.process(name);
    const command = plan.command.map((word) => word.replace(/^.*(?=\/dist\/apps\/)/, directory));
    return this.launch({ ...plan, command });
  }

  /** From now on the standby hears nothing of what is written. */
  async cutReplication(): Promise<void> {
    const { primary, standby, wire } = this.pair!;
    await standby.catchUp(primary);
    wire.refuse();
  }

  /** The primary is gone, and the standby stands in with what it has. */
  async failOver(): Promise<void> {
    const { primary, standby } = this.pair!;
    await primary.kill();
    await standby.promote();
    this.postgres = standby;
    this.database.cut();
  }

  async restartRedis(): Promise<void> {
    const port = Number(new URL(this.redis.url).port);
    process.kill(this.redis.pid, 'SIGKILL');
    await this.redis.stop();
    this.redis = await startTestRedis(port);
  }

  async addWorker(name: string, flags: readonly string[] = []): Promise<FarmProcess> {
    const wire = await TcpProxy.listen(() => this.both('api').map((api) => api.port));
    this.wires.set(name, wire);
    const data = this.dataOf(name);
    await mkdir(data, { recursive: true });
    const answer = await this.send('POST', '/api/v1/workers/tokens', { note: name });
    const { token } = (await answer.json()) as { token: string };
    const tokenFile = join(this.directory, `${name}.token`);
    await writeFile(tokenFile, token, { mode: 0o600 });
    return this.launch({
      name,
      command: [
        ...[process.execPath, program('worker'), '--farm', wire.address, '--name', name],
        ...['--data', data, '--token-file', tokenFile, '--cores', '1', '--backends', 'local'],
        ...['--max-jobs', String(this.wish.maxJobs ?? 2), ...flags],
      ],
      environment: surroundings(),
      ready: /Z connected to /,
    });
  }

  async stop(): Promise<void> {
    for (const worker of this.workers) {
      if (this.processes.has(worker)) await this.killMachine(worker);
    }
    await Promise.all([...this.processes.values()].map((one) => one.kill()));
    await Promise.all([...this.wires.values()].map((wire) => wire.close()));
    await this.front?.close();
    await this.substituters?.close();
    await this.queue?.close();
    await this.redis.stop();
    await this.database?.close();
    await this.pair?.wire.close();
    await Promise.all([this.pair?.primary, this.pair?.standby].map((one) => one?.stop()));
    if (!this.pair) await this.postgres.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  /** A failing test shows what the processes said last. */
  override until<T>(what: string, question: () => Promise<T | null>): Promise<T> {
    return super.until(what, question).catch((error: Error) => {
      const words = [...this.processes].map(
        ([name, { said }]) => `--- ${name}\n${said.slice(-12).join('\n')}`,
      );
      throw new Error(`${error.message}\n${words.join('\n')}`);
    });
  }

  private async open(): Promise<void> {
    const portsOf = (app: AppName) => () => this.both(app).map((one) => one.port);
    this.front = await TcpProxy.listen(portsOf('api'));
    this.substituters = await TcpProxy.listen(portsOf('substituter'));
    this.queue = await TcpProxy.listen(() => [Number(new URL(this.redis.url).port)]);
    this.database = await TcpProxy.listen(() => [Number(new URL(this.postgres.url).port)]);
    await Promise.all(
      appNames.flatMap((app) => [1, 2].map((n) => this.launch(this.planOf(app, n)))),
    );
    const tokenFile = join(this.directory, 'farm', 'secrets', 'admin-token');
    this.token = (await readFile(tokenFile, 'utf8')).trim();
    const names = Array.from({ length: this.wish.workers ?? 2 }, (_, i) => `worker-${i + 1}`);
    await Promise.all(names.map((name) => this.addWorker(name)));
  }

  private async launch(plan: ProcessPlan): Promise<FarmProcess> {
    const started = FarmProcess.start(plan);
    this.processes.set(plan.name, started);
    await started.ready();
    return started;
  }

  private proxied(databaseUrl: string): string {
    const url = new URL(databaseUrl);
    url.port = new URL(this.database.address).port;
    return url.href;
  }

  private planOf(app: AppName, number: number): ProcessPlan {
    return {
      name: `${app}-${number}`,
      command: [process.execPath, program(app)],
      environment: {
        ...surroundings(),
        GAMBESON_DATA: join(this.directory, 'farm'),
        DATABASE_URL: this.wish.standby ? this.proxied(this.postgres.url) : this.postgres.url,
        REDIS_URL: this.queue.address.replace('http', 'redis'),
        GAMBESON_PORT: '0',
        GAMBESON_URL: this.front.address,
        GAMBESON_SUBSTITUTER_URL: this.substituters.address,
        GAMBESON_LEASE_SECONDS: String(this.leaseSeconds),
        ...this.wish.environment,
      },
      ready: new RegExp(`^${app} listening on http`),
    };
  }
}

export function attemptsOf(build: BuildAnswer): AttemptAnswer[] {
  return [...build.attempts].sort((a, b) => a.number - b.number);
}

/** How each attempt ended, in order. */
export function endsOf(build: BuildAnswer): string[] {
  return attemptsOf(build).map(({ status, reason }) => (reason ? `${status}: ${reason}` : status));
}

export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}

function supervisorIn(directory: string): number[] {
  try {
    const text = readFileSync(join(directory, 'supervisor.json'), 'utf8');
    return [(JSON.parse(text) as { pid: number }).pid];
  } catch {
    return [];
  }
}

/** The built program of an app. */
export function program(app: string): string {
  return join(checkout, 'dist', 'apps', app, 'main.js');
}

/** What a process of the farm may know of the test's own environment. */
export function surroundings(): Record<string, string | undefined> {
  const { PATH, HOME, LANG, TZ, TMPDIR } = process.env;
  const cache = join(checkout, 'node_modules', '.cache', 'gambeson', 'compiled');
  return { PATH, HOME, LANG, TZ, TMPDIR, NODE_COMPILE_CACHE: cache };
}
