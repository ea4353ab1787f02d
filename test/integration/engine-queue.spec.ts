/** Tickets and the bus on a real Redis and on a real Postgres, and what they survive. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { never } from '#std/cancellation.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresBus } from '#adapters/postgres/bus.js';
import { RedisBus } from '#adapters/redis/bus.js';
import { faultsOfRedis, openQueue, type QueueAddress } from '#adapters/redis/connection.js';
import { BullQueueEpoch } from '#adapters/redis/queue-epoch.js';
import { BullTicketQueue, queueName } from '#adapters/redis/ticket-queue.js';
import { busConformance } from '#testkit/conformance/bus.js';
import {
  ticket,
  ticketQueueConformance,
  type TicketQueueSubject,
} from '#testkit/conformance/ticket-queue.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestReplica, startTestRedis, type TestRedis } from '#testkit/redis.js';

let postgres: TestPostgres;
let redis: TestRedis;
beforeAll(async () => {
  [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
}, 60_000);
afterAll(async () => {
  await Promise.all([postgres.stop(), redis.stop()]);
});

async function withRedis<T>(work: (client: Redis) => Promise<T>): Promise<T> {
  const client = new Redis(redis.url);
  return work(client).finally(() => client.disconnect());
}

function openSubject(address: QueueAddress): TicketQueueSubject & { close(): Promise<void> } {
  const connection = openQueue(address);
  const queue = new BullTicketQueue(connection);
  const epoch = new BullQueueEpoch(connection, 'tickets');
  return {
    queue,
    epoch,
    async close() {
      await queue.close();
      await epoch.close();
      await connection.close();
    },
  };
}

async function onRedis(): Promise<TicketQueueSubject> {
  await withRedis((client) => client.flushall());
  return openSubject({ redisUrl: redis.url, databaseUrl: '' });
}

async function onPostgres(): Promise<TicketQueueSubject> {
  const database = await postgres.freshDatabase();
  const subject = openSubject({ databaseUrl: database.url });
  return {
    ...subject,
    close: async () => {
      await subject.close();
      await database.drop();
    },
  };
}

ticketQueueConformance('Redis', onRedis);
ticketQueueConformance('Postgres', onPostgres);
busConformance('Redis', async () => [new RedisBus(redis.url), new RedisBus(redis.url)]);
busConformance('Postgres', async () => {
  const { url } = await postgres.freshDatabase();
  const databases = [new Database(url, 2), new Database(url, 2)] as const;
  const [here, there] = databases.map((database) =>
    closingWith(new PostgresBus(database), database),
  );
  return [here!, there!];
});

function closingWith(bus: PostgresBus, database: Database): PostgresBus {
  const close = bus.close.bind(bus);
  let closed = false;
  bus.close = async () => {
    await close();
    if (!closed) await database.close();
    closed = true;
  };
  return bus;
}

describe('Redis losing everything', () => {
  it('goes on giving tickets to a fetch that waited while all was flushed', async () => {
    const { queue, epoch, close } = await onRedis();
    await epoch.mark();
    await queue.offer([ticket(1)]);
    const held = await queue.next(ticket(1).workerClass, never);
    const waiting = queue.next(ticket(1).workerClass, never);
    await withRedis(async (client) => {
      await client.flushall();
      await client.script('FLUSH');
    });
    expect(await epoch.isMarked()).toBe(false);
    await queue.complete(held!);
    await queue.offer([ticket(2)]);
    expect(await waiting).toMatchObject({ build: 2 });
    await close();
  }, 20_000);

  it('knows a ticket by its id when what it held was evicted', async () => {
    const { queue, close } = await onRedis();
    const { workerClass } = ticket(5);
    await queue.offer([ticket(5), ticket(6)]);
    await withRedis(async (client) => {
      for (const name of ['b5-1', 'b6-1']) {
        expect(await client.del(`gambeson:${queueName(workerClass)}:${name}`)).toBe(1);
      }
    });
    const held = await queue.next(workerClass, never);
    expect(held).toMatchObject({ build: 5, generation: 1, workerClass });
    expect(await queue.take(workerClass, 1)).toMatchObject([{ build: 6, generation: 1 }]);
    await queue.complete(held!);
    await close();
  });

  it('gives a ticket whose holder died to the next fetch', async () => {
    const dead = await onRedis();
    const alive = openSubject({ redisUrl: redis.url, databaseUrl: '' });
    await dead.queue.offer([ticket(3)]);
    await dead.queue.next(ticket(3).workerClass, never);
    await dead.close();
    const second = await alive.queue.next(ticket(3).workerClass, never);
    expect(second).toMatchObject({ build: 3, generation: 1 });
    await alive.close();
  }, 40_000);
});

describe('Redis going away and coming back empty', () => {
  it('is waited for by fetches, offers and the bus, and by everyone from then on', async () => {
    const own = await startTestRedis();
    const { queue, epoch, close } = openSubject({ redisUrl: own.url, databaseUrl: '' });
    const [here, there] = [new RedisBus(own.url), new RedisBus(own.url)];
    const heard = new Promise<string>((resolve) => void there.subscribe('planner', resolve));
    await epoch.mark();
    await queue.offer([ticket(1)]);
    await queue.complete((await queue.next(ticket(1).workerClass, never))!);
    const waiting = queue.next(ticket(1).workerClass, never);
    await own.stop();
    await here.publish('planner', 'lost');
    const offering = queue.offer([ticket(2)]);
    const back = await startTestRedis(Number(new URL(own.url).port));
    await offering;
    expect(await waiting).toMatchObject({ build: 2 });
    expect(await epoch.isMarked()).toBe(false);
    const saying = setInterval(() => void here.publish('planner', 'back'), 100);
    expect(await heard).toBe('back');
    clearInterval(saying);
    await Promise.all([here.close(), there.close(), close()]);
    await back.stop();
  }, 30_000);
});

describe('a replica of Redis that is promoted', () => {
  it('holds the mark, and is not believed, since it may lack the newest tickets', async () => {
    const own = await startTestRedis();
    const before = openSubject({ redisUrl: own.url, databaseUrl: '' });
    await before.epoch.mark();
    expect(await before.epoch.isMarked()).toBe(true);
    const replica = await startTestReplica(own);
    await replica.promote();
    const after = openSubject({ redisUrl: replica.url, databaseUrl: '' });
    expect(await after.epoch.isMarked()).toBe(false);
    await after.epoch.mark();
    expect(await after.epoch.isMarked()).toBe(true);
    await Promise.all([before.close(), after.close()]);
    await Promise.all([own.stop(), replica.stop()]);
  }, 30_000);
});

describe('a Redis that is not fit', () => {
  it('is told by its eviction policy and its version', () => {
    expect(faultsOfRedis('redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\n')).toEqual([]);
    expect(faultsOfRedis('redis_version:5.0.9\r\nmaxmemory_policy:allkeys-lru\r\n')).toEqual([
      'Redis evicts keys (maxmemory-policy allkeys-lru): set it to noeviction',
      'Redis 5.0.9 is too old: 6.2 or newer is needed',
    ]);
  });

  it('is found on the real server', async () => {
    const connection = openQueue({ redisUrl: redis.url, databaseUrl: '' });
    await connection.ping();
    expect(await connection.faults()).toEqual([]);
    await connection.close();
  });
});
