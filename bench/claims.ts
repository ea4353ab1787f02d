/**
 * Claims through the gateway (WebSocket, ticket, one transaction on a durable Postgres, the build
 * told to the worker) by 200 connected workers: as many as it takes, with 200,000 builds ready and
 * with no backlog, against bare BullMQ on the same Redis; and how long one claim waits when 500 a
 * second come, come what may.
 */
import type { QueueConnection } from '#adapters/redis/connection.js';
import { startClaimsFarm, type ClaimsFarm } from './claims-farm.js';
import { connectWorkers } from './claiming-workers.js';
import { secondsOf, type Contest } from './contest.js';

const workers = 200;
const slots = 20;
const perRound = workers * slots;
const backlog = 200_000;
/** Each system is a worker class with a queue of its own. */
const crowded = 'x86_64-linux';
const bare = 'i686-linux';

/** Saturated, against fetching and completing alone. */
export async function claims(): Promise<Contest> {
  const farm = await startClaimsFarm(workers);
  return {
    name: 'claims through the gateway',
    unit: 'claims/s',
    better: 'high',
    floor: { name: 'bare BullMQ fetch and complete', round: () => bareRound(farm.queue) },
    contender: { name: 'gateway', round: () => emptyRound(farm) },
    close: () => farm.close(),
  };
}

export async function claimsWithBacklog(): Promise<Contest> {
  const farm = await startClaimsFarm(workers);
  await farm.ready(crowded, backlog);
  return {
    name: 'claims, 200,000 builds ready',
    unit: 'claims/s',
    better: 'high',
    floor: { name: 'the same with no backlog', round: () => emptyRound(farm) },
    contender: {
      name: '200,000 builds ready',
      round: async () => {
        await farm.ready(crowded, perRound);
        return saturate(farm, crowded);
      },
    },
    target: { ratio: 0.8 },
    close: () => farm.close(),
  };
}

const boundMilliseconds = 50;
const offeredPerSecond = 500;

export async function claimLatency(): Promise<Contest> {
  const farm = await startClaimsFarm(workers);
  await farm.ready(crowded, backlog);
  return {
    name: `claim at ${offeredPerSecond}/s, p99`,
    unit: 'ms',
    better: 'low',
    floor: { name: 'what is promised', round: async () => boundMilliseconds },
    contender: {
      name: 'gateway',
      round: async () => {
        await farm.freeSlots();
        const port = farm.api.port;
        const hands = await connectWorkers({ port, workers, slots, system: crowded });
        const waits = (await hands.claimSteadily(offeredPerSecond)).sort((a, b) => a - b);
        await hands.close();
        return waits[Math.floor(waits.length * 0.99)]!;
      },
    },
    target: { ratio: 1 },
    close: () => farm.close(),
  };
}

async function emptyRound(farm: ClaimsFarm): Promise<number> {
  await farm.ready(bare, perRound);
  return saturate(farm, bare);
}

async function saturate(farm: ClaimsFarm, system: string): Promise<number> {
  await farm.freeSlots();
  const hands = await connectWorkers({ port: farm.api.port, workers, slots, system });
  const seconds = await hands.claimAll();
  await hands.close();
  return perRound / seconds;
}

/** Fifty fetches at once, as a consumer with that concurrency would have. */
async function bareRound(connection: QueueConnection): Promise<number> {
  const queue = connection.queue('bench-bare', { removeOnComplete: true });
  const jobs = Array.from({ length: perRound }, (_, i) => ({
    name: 'ticket',
    data: { build: i, generation: 1 },
    opts: { priority: 1 + (i % 9) },
  }));
  await queue.addBulk(jobs);
  const consumer = connection.consumer('bench-bare', null);
  let left = perRound;
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
  return perRound / seconds;
}
