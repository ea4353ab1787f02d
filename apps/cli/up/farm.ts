/**
 * The farm as one thing that starts and stops: servers first, then apps, then workers; stopped in
 * the opposite order, so that a worker can hand its builds back while somebody is there to take
 * them.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { migrate } from '#adapters/postgres/migrate.js';
import { ensureSecret } from '#adapters/system/secret.js';
import type { Client } from '#client/client.js';
import { createWorkerToken } from '#client/generated/workers.js';
import { FarmFault } from '#std/farm-fault.js';
import { inCheckout } from '../checkout.js';
import { Child } from './child.js';
import type { DataDirectory } from './data-directory.js';
import {
  appNames,
  appProgram,
  workerData,
  workerProgram,
  type Program,
  type Site,
} from './layout.js';
import type { Narrator } from './narrator.js';
import { PostgresServer } from './postgres-server.js';
import { planRedis, redisReady } from './redis-server.js';
import type { UpOptions } from './up-command.js';

export class Farm {
  private readonly groups: { stop(): Promise<void> }[][] = [];
  private stopped: Promise<void> | null = null;

  constructor(
    private readonly options: UpOptions,
    private readonly data: DataDirectory,
    private readonly narrator: Narrator,
  ) {}

  /** The database's address, migrated; embedded unless one was given. */
  async startDatabase(): Promise<string> {
    const url = this.options.databaseUrl ?? (await this.startEmbedded());
    const applied = await migrate(url, inCheckout('prisma/migrations'));
    if (applied.length > 0) this.narrator.say(`applied ${applied.length} migration(s)`);
    return url;
  }

  /** The queue's address; undefined when it lies in Postgres. */
  async startQueue(port: number): Promise<string | undefined> {
    const { redisUrl, redis } = this.options;
    if (redisUrl) return redisUrl;
    const plan = redis ? await planRedis(this.data.path, port) : null;
    if (plan === null) {
      const why = redis ? 'no Redis is installed' : 'without Redis, as asked';
      this.narrator.say(`${why}: tickets and timers lie in Postgres (slower; not for production)`);
      return undefined;
    }
    await this.startGroup([
      {
        name: 'redis',
        command: plan.command,
        environment: { PATH: process.env['PATH'] },
        ready: redisReady,
        farewell: [{ signal: 'SIGTERM', waitMillis: 10_000 }],
      },
    ]);
    return plan.url;
  }

  async startApps(site: Site): Promise<void> {
    await this.startGroup(appNames.map((name) => appProgram(site, name)));
  }

  /** Each enrols with a one-time token of its own, through the door that any worker uses. */
  async startWorkers(site: Site, client: Client): Promise<void> {
    const { workers, maxJobs, cores } = this.options;
    const programs: Program[] = [];
    for (let number = 1; number <= workers; number += 1) {
      const name = `worker-${number}`;
      const tokenFile = join(workerData(site.data, name), 'enrolment-token');
      await mkdir(dirname(tokenFile), { recursive: true, mode: 0o755 });
      await rm(tokenFile, { force: true });
      const { token } = await createWorkerToken(client, { body: { note: name } });
      await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
      programs.push(workerProgram(site, { name, maxJobs, cores, tokenFile }));
    }
    await this.startGroup(programs);
  }

  /**
   * Everything that was started, last first; may be called at any time, and again: what was still
   * starting at the first call is stopped by the next.
   */
  stop(): Promise<void> {
    this.stopped = (this.stopped ?? Promise.resolve()).then(() => this.stopGroups());
    return this.stopped;
  }

  private async stopGroups(): Promise<void> {
    for (let group = this.groups.pop(); group; group = this.groups.pop()) {
      await Promise.all(group.map((child) => child.stop()));
    }
  }

  private async startEmbedded(): Promise<string> {
    const password = await ensureSecret(join(this.data.path, 'secrets', 'postgres-password'));
    const server = await PostgresServer.start({
      directory: this.data.postgres,
      password,
      restart: this.options.restart,
      onLine: (line) => this.narrator.hear('postgres', line),
      tell: (sentence) => this.narrator.say(sentence),
    });
    this.groups.push([server]);
    this.refuseWhenStopped();
    if (this.options.json) this.narrator.fact('started', { name: 'postgres', pid: server.pid }, '');
    return server.url();
  }

  /** All at once, since none needs another to start. */
  private async startGroup(programs: readonly Program[]): Promise<void> {
    this.refuseWhenStopped();
    const children = programs.map(
      (program) =>
        new Child({
          ...program,
          restart: this.options.restart,
          hear: (name, line) => this.narrator.hear(name, line),
          tell: (line) => this.narrator.say(line),
        }),
    );
    this.groups.push(children);
    await Promise.all(
      children.map(async (child) => {
        const line = await child.start();
        const address = /http:\/\/\S+/.exec(line)?.[0] ?? null;
        const { name, pid } = child;
        if (this.options.json) this.narrator.fact('started', { name, pid, address }, '');
      }),
    );
    this.refuseWhenStopped();
  }

  private refuseWhenStopped(): void {
    if (this.stopped) throw new FarmFault('canceled', 'stopped while starting', 'never');
  }
}
