/**
 * From the report of a build's last input to the next build on an idle slot, through real
 * processes: api, two coordinators, Redis and a durable Postgres. The worker speaks the real
 * protocol; its builds take no time. The floor is the wire alone: a claim that finds its build
 * released already.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { hashSecret } from '#adapters/system/secret.js';
import type { BuildMessage, GatewayMessage, Hello } from '#protocol/worker.js';
import { startTestRedis } from '#testkit/redis.js';
import { startServer } from './child.js';
import { spread, type Contest } from './contest.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';

const chain = 100;
const secret = 'a-secret-of-the-bench';

const hello: Hello = {
  type: 'hello',
  protocol: [1],
  version: 'bench',
  systems: ['x86_64-linux'],
  features: [],
  speed: 1,
  slots: 2,
  cores: 1,
  backends: ['local'],
  attempts: [],
};

export async function lastInput(): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  await writeFile(join(directory, 'signing-key.pub'), `bench-1:${'A'.repeat(43)}=\n`);
  const farm = await startFarmDatabase();
  const redis = await startTestRedis();
  const environment = {
    DATABASE_URL: farm.url,
    REDIS_URL: redis.url,
    GAMBESON_DATA: directory,
    GAMBESON_PORT: '0',
  };
  const servers = await Promise.all([
    startServer('apps/api/main.js', environment),
    startServer('apps/coordinator/main.js', environment),
    startServer('apps/coordinator/main.js', environment),
  ]);
  await farm.database.execute(`insert into workers (name, credential_hash) values ('bench', $1)`, [
    hashSecret(secret),
  ]);
  const round = async (linked: boolean): Promise<number> => {
    const worker = await BenchWorker.connect(servers[0].port);
    // Without a chain one slot claims after each report, and finds its build released long ago.
    const waits = await worker.build(farm, await seed(farm, linked), linked ? [0, 1] : [0]);
    await worker.leave();
    const sorted = waits.sort((a, b) => a - b);
    const { median } = spread(sorted);
    const late = sorted[Math.floor(sorted.length * 0.99)] ?? 0;
    process.stderr.write(
      `${linked ? 'last input → next build' : 'released already'}: ` +
        `p50 ${median.toFixed(1)} ms, p99 ${late.toFixed(1)} ms of ${sorted.length}\n`,
    );
    return median;
  };
  return {
    name: 'last input done → next build started',
    unit: 'ms',
    better: 'low',
    floor: { name: 'released already', round: () => round(false) },
    contender: { name: 'a chain', round: () => round(true) },
    close: async () => {
      for (const server of servers) await server.stop();
      await redis.stop();
      await farm.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Builds in one chain, or none of which needs another. Answers how many. */
async function seed({ database }: FarmDatabase, linked: boolean): Promise<number> {
  await database.execute('select ensure_evaluation_partitions(1)');
  await database.transaction(async (client) => {
    const { rows } = await client.query<{ id: number }>(
      `insert into derivations (store_id, path, name, package_name, system)
       select 3, translate(gen_random_uuid()::text, '-', '') || '-c.drv', 'c', 'c', 'x86_64-linux'
         from generate_series(1, $1::int) returning id`,
      [chain],
    );
    const ids = rows.map((row) => row.id).sort((a, b) => a - b);
    await client.query(
      `insert into outputs select id, 'out', 3, left(path, 32) || '-out' from derivations
        where id = any($1)`,
      [ids],
    );
    if (linked) {
      await client.query(
        `insert into derivation_inputs select * from unnest($1::bigint[], $2::bigint[])`,
        [ids.slice(1), ids.slice(0, -1)],
      );
    }
    await client.query('insert into builds (id, evaluation_id) select unnest($1::bigint[]), 1', [
      ids,
    ]);
  });
  return chain;
}

class BenchWorker {
  private readonly heard: BuildMessage[] = [];
  private wake: (() => void) | null = null;
  /** The slot of each attempt that was reported: free once the report is acknowledged. */
  private readonly slots = new Map<string, number>();

  private constructor(private readonly socket: WebSocket) {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data)) as GatewayMessage;
      if (message.type === 'acknowledged' && message.of === 'report') {
        this.claim([this.slots.get(message.attempt)!]);
        this.slots.delete(message.attempt);
        this.wake?.();
      }
      if (message.type !== 'build') return;
      this.heard.push(message);
      this.wake?.();
    });
  }

  static async connect(port: number): Promise<BenchWorker> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/workers/connect`, {
      headers: { authorization: `Bearer 1.${secret}` },
    });
    await once(socket, 'open');
    const welcomed = once(socket, 'message');
    socket.send(JSON.stringify(hello));
    await welcomed;
    return new BenchWorker(socket);
  }

  /**
   * Milliseconds from each report to the start of the next build. With two slots one stands idle,
   * its claim waiting, so that the next build needs no claim of the slot that reports.
   */
  async build(farm: FarmDatabase, count: number, slots: readonly number[]): Promise<number[]> {
    const waits: number[] = [];
    this.claim(slots);
    let reported = 0;
    for (let built = 0; built < count; built += 1) {
      const told = await this.next();
      if (built > 1) waits.push(performance.now() - reported);
      await upload(farm, told);
      reported = performance.now();
      this.report(told);
    }
    return waits;
  }

  /** Once every report is acknowledged. */
  async leave(): Promise<void> {
    await this.until(() => this.slots.size === 0);
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }

  private async next(): Promise<BuildMessage> {
    await this.until(() => this.heard.length > 0);
    return this.heard.shift()!;
  }

  private async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private claim(slots: readonly number[]): void {
    this.socket.send(JSON.stringify({ type: 'claim', slots }));
  }

  private report({ attempt, fence, outputs, slot }: BuildMessage): void {
    this.slots.set(attempt, slot);
    const path = outputs[0]?.path ?? '';
    const output = { name: 'out', path, narHash: 'sha256:1', narSize: 5, references: [] };
    const result = { kind: 'succeeded', outputs: [output] };
    this.socket.send(JSON.stringify({ type: 'report', attempt, fence, logBytes: 0, result }));
  }
}

/** The nar is there already: what it costs to send it is not what is measured. */
async function upload({ database }: FarmDatabase, build: BuildMessage): Promise<void> {
  await database.execute(
    `insert into uploads (store_id, path, principal, nar_hash, nar_size, compression, file_hash,
                          file_size, file_key)
     values (3, $2, $1, 'sha256:1', 5, 'zstd', 'sha256:f', 4, 'f')`,
    [`attempt-${build.attempt}`, build.outputs[0]?.path ?? ''],
  );
}
