/**
 * A farm with two of every app, each behind a port of its own and with nothing between it and who
 * speaks to it: for scenarios of size, where even a proxy would be in the way. The first of each
 * kind knows the first substituter, the second the second; workers are the test's own.
 */
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnrolAnswer } from '#protocol/worker.js';
import { program, surroundings, type AppName } from './fault-farm.js';
import { FarmProcess } from './faults/farm-process.js';
import { KillablePostgres } from './faults/killable-postgres.js';
import { ProcessFarm } from './process-farm.js';
import { startTestRedis, type TestRedis } from './redis.js';

export interface TwosWish {
  readonly leaseSeconds: number;
  /** Further variables of every app. */
  readonly environment?: Readonly<Record<string, string>>;
}

export class FarmOfTwos extends ProcessFarm {
  private constructor(
    directory: string,
    private readonly wish: TwosWish,
    postgres: KillablePostgres,
    readonly redis: TestRedis,
  ) {
    super(directory, postgres);
  }

  static async start(wish: TwosWish): Promise<FarmOfTwos> {
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-twos-'));
    await chmod(directory, 0o755);
    const [postgres, redis] = await Promise.all([KillablePostgres.start(), startTestRedis()]);
    const farm = new FarmOfTwos(directory, wish, postgres, redis);
    try {
      await farm.open();
    } catch (error) {
      await farm.stop();
      throw error;
    }
    return farm;
  }

  get address(): string {
    return this.addressOf('api', 1);
  }

  addressOf(app: AppName, number: number): string {
    const found = this.processes.get(`${app}-${number}`);
    if (!found) throw new Error(`${app}-${number} was never started`);
    return `http://127.0.0.1:${found.port}`;
  }

  /** By name; what the apps and their servers are called in a table of their memory. */
  get pids(): ReadonlyMap<string, number> {
    const apps = [...this.processes].map(([name, { pid }]) => [name, pid] as const);
    return new Map([...apps, ['redis', this.redis.pid], ['postgres', this.postgres.pid]]);
  }

  /** A credential of a new worker, as its agent would get it. */
  async enrol(name: string): Promise<EnrolAnswer> {
    const made = await this.send('POST', '/api/v1/workers/tokens', { note: name });
    const { token } = (await made.json()) as { token: string };
    const enrolled = await this.send('POST', '/api/v1/workers/enrol', { token, name });
    return EnrolAnswer.parse(await enrolled.json());
  }

  /** What each process said last, for a failing test to show. */
  get lastWords(): string {
    const words = [...this.processes].map(
      ([name, { said, running }]) =>
        `--- ${name}${running ? '' : ' (ended)'}\n${said.slice(-12).join('\n')}`,
    );
    return words.join('\n');
  }

  async stop(): Promise<void> {
    await Promise.all([...this.processes.values()].map((one) => one.kill()));
    await this.redis.stop();
    await this.postgres.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  private async open(): Promise<void> {
    // The others are told where the substituters are, and greet no worker without their key.
    await Promise.all([1, 2].map((number) => this.launch('substituter', number)));
    const others = ['api', 'coordinator', 'evaluator'] as const;
    await Promise.all(others.flatMap((app) => [1, 2].map((number) => this.launch(app, number))));
    const tokenFile = join(this.directory, 'farm', 'secrets', 'admin-token');
    this.token = (await readFile(tokenFile, 'utf8')).trim();
  }

  private async launch(app: AppName, number: number): Promise<void> {
    const known = this.processes.has(`substituter-${number}`);
    const started = FarmProcess.start({
      name: `${app}-${number}`,
      command: [process.execPath, program(app)],
      environment: {
        ...surroundings(),
        GAMBESON_DATA: join(this.directory, 'farm'),
        DATABASE_URL: this.postgres.url,
        REDIS_URL: this.redis.url,
        GAMBESON_PORT: '0',
        ...(known ? { GAMBESON_SUBSTITUTER_URL: this.addressOf('substituter', number) } : {}),
        GAMBESON_LEASE_SECONDS: String(this.wish.leaseSeconds),
        ...this.wish.environment,
      },
      ready: new RegExp(`^${app} listening on http`),
    });
    this.processes.set(`${app}-${number}`, started);
    await started.ready();
  }
}
