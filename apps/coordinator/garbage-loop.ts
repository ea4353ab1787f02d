/**
 * The coordinator's loop over collections of garbage: what somebody wished for, what is due by the
 * clock, and what a short disk asks for.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { collectGarbage, type CollectionEnd } from '#application/collect-garbage.js';
import { PostgresCollectionLog } from '#adapters/postgres/collection-log.js';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresDiskStore } from '#adapters/postgres/disk-store.js';
import { PostgresEvaluationGarbage } from '#adapters/postgres/garbage-evaluations.js';
import { PostgresGarbageStore } from '#adapters/postgres/garbage-session.js';
import type { LifecycleLoop } from './lifecycle-loops.js';

const lookMilliseconds = 5000;
/** What is promised is not let go for a short disk either, so asking more often is in vain. */
const secondsBetweenShort = 1800;

export interface GarbageParts {
  readonly database: Database;
  /** Between two collections by the clock; 0 is never. */
  readonly hours: number;
}

export function garbageLoop({ database, hours }: GarbageParts): LifecycleLoop {
  const log = new PostgresCollectionLog(database);
  const disks = new PostgresDiskStore(database);
  const parts = {
    log,
    evaluations: new PostgresEvaluationGarbage(database),
    garbage: new PostgresGarbageStore(database),
    now: () => performance.now(),
    rest: async (milliseconds: number) => pause(milliseconds),
  };
  return {
    name: 'collect-garbage',
    tickMilliseconds: lookMilliseconds,
    topic: 'collections',
    async pass(goOn) {
      if (hours > 0) await log.wish('clock', hours * 3600);
      if ((await disks.short()).length > 0) await log.wish('disk', secondsBetweenShort);
      const told: string[] = [];
      while (goOn()) {
        const end = await collectGarbage(parts, goOn);
        if (!end) break;
        told.push(...sentencesOf(end));
      }
      return told;
    },
  };
}

function sentencesOf({ collection, collected: so, fault }: CollectionEnd): string[] {
  const name = `collection of garbage ${collection.id}`;
  if (fault !== null) return [`${name} failed: ${fault}`];
  const nothing = so.paths + so.derivations + so.evaluations + so.packs === 0;
  if (collection.dryRun || nothing) return [];
  const parts = [
    `${so.evaluations} evaluations`,
    `${so.derivations} derivations`,
    `${so.paths} paths`,
    `${so.bytes} bytes`,
  ];
  return [`${name} let go ${parts.join(', ')}`];
}
