/**
 * Claims through the gateway (WebSocket, ticket, one transaction on a durable Postgres, the build
 * told to the worker), against bare BullMQ on the same Redis: fetch a prioritised job and complete
 * it.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { hashSecret } from '#adapters/system/secret.js';
import { openQueue, type QueueConnection } from '#adapters/redis/connection.js';
import { BullTicketQueue } from '#adapters/redis/ticket-queue.js';
import { id, type BuildId } from '#domain/ids.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import type { Hello } from '#protocol/worker.js';
import { startTestRedis } from '#testkit/redis.js';
import { startServer } from './child.js';
import { secondsOf, type Contest } from './contest.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';

const workers = 10;
const slots = 300;
const builds = workers * slots;
const secret = 'a-secret-of-the-bench';
const able = { systems: ['x86_64-linux'], features: [], speed: 1 };

const hello: Hello = {
  type: 'hello',
  protocol: [1],
  version: 'bench',
  ...able,
  slots,
  cores: 1,
  backends: ['nix'],
  attempts: [],
};

export async function claims(): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  // The gateway welcomes nobody before it can tell the farm's public key.
  await writeFile(join(directory, 'signing-key.pub'), `bench-1:${'A'.repeat(43)}=\n`);
  const farm = await startFarmDatabase();
  const redis = await startTestRedis();
  const queue = openQueue({ redisUrl: redis.url, databaseUrl: farm.url });
  const tickets = new BullTicketQueue(queue);
  const api = await startServer('apps/api/main.js', {
    DATABASE_URL: farm.url,
    REDIS_URL: redis.url,
    GAMBESON_DATA: directory,
    GAMBESON_PORT: '0',
    GAMBESON_LEASE_SECONDS: '300',
  });
  await seed(farm);
  let generation = 0;
  return {
    name: 'claims through the gateway',
    unit: 'claims/s',
    better: 'high',
    floor: { name: 'bare BullMQ fetch and complete', round: () => bareRound(queue) },
    contender: {
      name: 'gateway',
      round: async () => {
        generation += 1;
        await release(farm, tickets, generation);
        return gatewayRound(api.port);
      },
    },
    close: async () => {
      await api.stop();
      await tickets.close();
      await queue.close();
      await redis.stop();
      await farm.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function gatewayRound(port: number): Promise<number> {
  const sockets = await Promise.all(Array.from({ length: workers }, (_, i) => greet(port, i + 1)));
  let claimed = 0;
  const seconds = await secondsOf(
    () =>
      new Promise<void>((resolve, reject) => {
        for (const socket of sockets) {
          socket.on('message', (data) => {
            if (!String(data).startsWith('{"type":"build"')) return;
            claimed += 1;
            if (claimed === builds) resolve();
          });
          socket.on('close', () => reject(new Error('the gateway hung up')));
          const wanted = Array.from({ length: slots }, (_, slot) => slot);
          socket.send(JSON.stringify({ type: 'claim', slots: wanted }));
        }
      }),
  );
  for (const socket of sockets) {
    socket.removeAllListeners('close');
    const closed = once(socket, 'close');
    socket.close();
    await closed;
  }
  return builds / seconds;
}

async function greet(port: number, worker: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/workers/connect`, {
    headers: { authorization: `Bearer ${worker}.${secret}` },
  });
  await once(socket, 'open');
  const welcomed = once(socket, 'message');
  socket.send(JSON.stringify(hello));
  const [answer] = await welcomed;
  if (!String(answer).startsWith('{"type":"welcome"')) throw new Error(String(answer));
  return socket;
}

/** Fifty fetches at once, as a consumer with that concurrency would have. */
async function bareRound(connection: QueueConnection): Promise<number> {
  const queue = connection.queue('bench-bare', { removeOnComplete: true });
  const jobs = Array.from({ length: builds }, (_, i) => ({
    name: 'ticket',
    data: { build: i, generation: 1 },
    opts: { priority: 1 + (i % 9) },
  }));
  await queue.addBulk(jobs);
  const consumer = connection.consumer('bench-bare', null);
  let left = builds;
  const seconds = await secondsOf(() =>
    Promise.all(
      Array.from({ length: 50 }, async (_, i) => {
        while (left > 0) {
          const job = await consumer.getNextJob(`bench-${i}`, { block: false });
          if (!job) return;
          left -= 1;
          await job.moveToCompleted(null, `bench-${i}`, false);
        }
      }),
    ),
  );
  await consumer.close();
  await queue.close();
  return builds / seconds;
}

async function release(
  farm: FarmDatabase,
  tickets: BullTicketQueue,
  generation: number,
): Promise<void> {
  const { database } = farm;
  await database.execute('delete from leases');
  await database.execute(
    `update builds set status = 'scheduled', generation = $1, worker_class = $2,
            release_expires_at = now() + interval '1 hour'`,
    [generation, workerClassName(able)],
  );
  await tickets.offer(
    Array.from({ length: builds }, (_, i) => ({
      build: id<BuildId>(i + 1),
      generation,
      workerClass: workerClassName(able),
      rank: 1 + i,
    })),
  );
}

async function seed(farm: FarmDatabase): Promise<void> {
  const { database } = farm;
  await database.execute('select ensure_evaluation_partitions(1)');
  await database.execute(
    `insert into derivations (id, store_id, path, name, package_name, system)
     select n, 1, lpad(n::text, 32, '0') || '-p.drv', 'p', 'p', 'x86_64-linux'
     from generate_series(1, $1::int) n`,
    [builds],
  );
  await database.execute(
    `insert into outputs select id, 'out', 1, lpad(id::text, 32, '1') || '-p' from derivations`,
  );
  await database.execute('insert into builds (id, evaluation_id) select id, 1 from derivations');
  await database.execute(
    `insert into workers (name, credential_hash)
     select 'bench-' || n, $1 from generate_series(1, $2::int) n`,
    [hashSecret(secret), workers],
  );
}
