/** The coordinator's loops over restarts, cancels, bad workers, garbage, and what forges tell. */
import { carryOutIntents } from '#application/carry-out-intents.js';
import { judgeWorkers } from '#application/judge-workers.js';
import { PostgresIntentStore } from '#adapters/postgres/intent-store.js';
import { PostgresWorkerRecord } from '#adapters/postgres/worker-record.js';
import type { Bus, Topic } from '#application/ports/bus.js';
import type { Database } from '#adapters/postgres/database.js';
import { forgeLoops, type ForgeParts } from './forge-loops.js';
import { garbageLoop } from './garbage-loop.js';
import { metricsLoop, weatherLoop } from './weather-loop.js';

export interface LifecycleParts extends ForgeParts {
  readonly database: Database;
  readonly bus: Bus;
  readonly settings: { readonly tickSeconds: number; readonly garbage: { readonly hours: number } };
}

export interface LifecycleLoop {
  readonly name: string;
  readonly tickMilliseconds: number;
  /** Wakes it before its tick. */
  readonly topic: Topic | null;
  /** `goOn` is asked between batches; what it tells is worth a line in the log. */
  pass(goOn: () => boolean): Promise<readonly string[]>;
}

const judgeMilliseconds = 5000;

export function lifecycleLoops(parts: LifecycleParts): LifecycleLoop[] {
  const { database, bus, settings } = parts;
  const intents = new PostgresIntentStore(database);
  const workers = new PostgresWorkerRecord(database);
  return [
    garbageLoop({ database, hours: settings.garbage.hours }),
    weatherLoop({ database, bus }),
    metricsLoop(database),
    ...forgeLoops(parts),
    {
      name: 'carry-out-intents',
      tickMilliseconds: settings.tickSeconds * 1000,
      topic: 'intents',
      async pass(goOn) {
        await carryOutIntents({ store: intents, bus }, goOn);
        return [];
      },
    },
    {
      name: 'judge-workers',
      tickMilliseconds: judgeMilliseconds,
      topic: null,
      async pass() {
        const drained = await judgeWorkers({ store: workers, bus });
        return drained.map(({ name, why }) => `worker ${name} is drained: ${why}`);
      },
    },
  ];
}
