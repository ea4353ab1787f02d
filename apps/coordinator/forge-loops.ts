/**
 * The coordinator's loops over forges: what they told is done, requests that are too old lose their
 * specifications, and what is long done is forgotten.
 */
import { setTimeout as after } from 'node:timers/promises';
import { FarmFault } from '#std/farm-fault.js';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresFollowedRepositories } from '#adapters/postgres/followed-repositories.js';
import { PostgresForgeDeliveries } from '#adapters/postgres/forge-deliveries.js';
import { PostgresRequestStore } from '#adapters/postgres/forge-requests.js';
import { PostgresStoreRegistry } from '#adapters/postgres/store-registry.js';
import type { Bus } from '#application/ports/bus.js';
import type { PollTimers } from '#application/ports/poll-timers.js';
import type { SpecificationStore } from '#application/ports/specification-store.js';
import { takeDeliveries, type TakeDeliveriesParts } from '#application/take-deliveries.js';
import { expireRequests } from '#application/take-request.js';
import type { LifecycleLoop } from './lifecycle-loops.js';

export interface ForgeParts {
  readonly database: Database;
  readonly bus: Bus;
  readonly timers: Pick<PollTimers, 'trigger'>;
  readonly specifications: SpecificationStore;
}

const lookMilliseconds = 2000;
const pruneMilliseconds = 3600_000;
/** Forges themselves keep what they told for some days; replays are known as long as this. */
const daysRemembered = 30;

export function forgeLoops(parts: ForgeParts): LifecycleLoop[] {
  const deliveries = new PostgresForgeDeliveries(parts.database);
  const desk: TakeDeliveriesParts = {
    deliveries,
    requests: new PostgresRequestStore(parts.database),
    specifications: parts.specifications,
    stores: new PostgresStoreRegistry(parts.database),
    timers: { trigger: (call) => answered(parts.timers.trigger(call)) },
    bus: parts.bus,
    repositories: new PostgresFollowedRepositories(parts.database),
  };
  return [
    {
      name: 'hear-forges',
      tickMilliseconds: lookMilliseconds,
      topic: 'forges',
      // One after the other: news of a request must not meet its expiry half way.
      pass: async (goOn) => [
        ...(await takeDeliveries(desk, goOn)),
        ...(await expireRequests(desk, goOn)),
      ],
    },
    {
      name: 'prune-deliveries',
      tickMilliseconds: pruneMilliseconds,
      topic: null,
      async pass() {
        await deliveries.prune(daysRemembered);
        return [];
      },
    },
  ];
}

const queueMilliseconds = 3000;

/** A queue that is away keeps its commands waiting for ever; the loop must go on. */
async function answered(work: Promise<void>): Promise<void> {
  const done = new AbortController();
  const late = after(queueMilliseconds, null, { signal: done.signal }).then(() => {
    throw new FarmFault('redis-unavailable', 'The queue does not answer', 'later');
  });
  late.catch(() => undefined);
  await Promise.race([work, late]).finally(() => done.abort());
}
