/**
 * How much waits, where and why. Each scheduled build is looked at, so they are counted part by
 * part, with rests for everybody else, and many readers share a count: it is of the last seconds,
 * not of one moment, and of a queue that fits into a part it is exact.
 */
import { setTimeout as rest } from 'node:timers/promises';
import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import {
  WaitQueries,
  type QueuePlace,
  type RunningCount,
  type WaitingGroup,
} from '#adapters/postgres/wait-queries.js';
import { waitReason } from '#domain/scheduling/wait-reason.js';
import type { QueueCount } from '#protocol/api/queue.js';

/** Some ten milliseconds of Postgres. */
const partOfQueue = 1000;
/** After a part the count rests three times as long as that took. */
const restShare = 3;
/** A count is told for this long, and one that took long for longer. */
const countedForMilliseconds = 2000;
const countedForTimes = 4;
/** For one that is older than this people wait a moment: a short queue is counted meanwhile. */
const toldForMilliseconds = 30_000;
const patienceMilliseconds = 40;

interface Counted {
  readonly at: number;
  readonly took: number;
  readonly answer: QueueCount;
}

interface ToldGroup extends WaitingGroup {
  readonly reason: string;
}

@Injectable()
export class QueueCounts implements OnApplicationBootstrap {
  private counted: Counted | null = null;
  private counting: Promise<QueueCount> | null = null;

  constructor(private readonly queries: WaitQueries) {}

  /** A long queue is counted before anybody asks; a short one soon enough when somebody does. */
  onApplicationBootstrap(): void {
    void this.countOnce()
      .then(({ scheduled }) => {
        if (scheduled < partOfQueue) this.counted = null;
      })
      // Whoever asks is told why.
      .catch(() => undefined);
  }

  /** The last count while a newer one is made; only the first is waited for to its end. */
  async read(): Promise<QueueCount> {
    const { counted } = this;
    const age = counted ? performance.now() - counted.at : Infinity;
    const lasting = Math.max(countedForMilliseconds, countedForTimes * (counted?.took ?? 0));
    if (counted && age < lasting) return counted.answer;
    const counting = this.countOnce();
    if (!counted) return counting;
    // Who is told the last count is not told why a newer one failed.
    const newer = counting.catch(() => counted.answer);
    if (age < toldForMilliseconds) return counted.answer;
    return Promise.race([newer, rest(patienceMilliseconds, counted.answer, { ref: false })]);
  }

  private countOnce(): Promise<QueueCount> {
    const began = performance.now();
    this.counting ??= this.count()
      .then((answer) => {
        const at = performance.now();
        this.counted = { at, took: at - began, answer };
        return answer;
      })
      .finally(() => (this.counting = null));
    return this.counting;
  }

  private async count(): Promise<QueueCount> {
    const [groups, running] = [await this.waiting(), await this.queries.running()];
    const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
    const released = groups.filter(({ workerClass }) => workerClass !== null);
    return {
      scheduled: sum(groups.map(({ builds }) => builds)),
      submitted: sum(running.map(({ submitted }) => submitted)),
      started: sum(running.map(({ started }) => started)),
      bySystem: bySystem(groups, running),
      byPriority: byPriority(groups),
      byClass: summed(released, ({ workerClass }) => workerClass!).map(([name, builds]) => {
        return { class: name, released: builds };
      }),
      byReason: reasonsOf(groups),
    };
  }

  /** Without rests when nobody can be told an older count meanwhile. */
  private async waiting(): Promise<ToldGroup[]> {
    const workers = await this.queries.workers();
    const all: ToldGroup[] = [];
    let after: QueuePlace | null = null;
    do {
      const began = performance.now();
      const { groups, next } = await this.queries.groups(after, partOfQueue);
      for (const group of groups) {
        all.push({ ...group, reason: waitReason({ ...group, workers }).kind });
      }
      after = next;
      if (after && this.counted) {
        await rest(restShare * (performance.now() - began), undefined, { ref: false });
      }
    } while (after);
    return all;
  }
}

function bySystem(
  groups: readonly ToldGroup[],
  running: readonly RunningCount[],
): QueueCount['bySystem'] {
  const waiting = Map.groupBy(groups, ({ demand }) => demand.system);
  const under = new Map(running.map((row) => [row.system, row]));
  const systems = [...new Set([...waiting.keys(), ...under.keys()])].sort();
  return systems.map((system) => {
    const own = waiting.get(system) ?? [];
    const { submitted = 0, started = 0 } = under.get(system) ?? {};
    const scheduled = own.reduce((sum, { builds }) => sum + builds, 0);
    return { system, scheduled, submitted, started, oldestScheduledAt: oldestOf(own) };
  });
}

function byPriority(groups: readonly ToldGroup[]): QueueCount['byPriority'] {
  const keyed = Map.groupBy(groups, ({ demand, priority }) => `${demand.system} ${priority}`);
  const rows = [...keyed.values()].map((alike) => {
    const [{ demand, priority }] = alike as [ToldGroup, ...ToldGroup[]];
    return {
      ...{ system: demand.system, priority },
      scheduled: alike.reduce((sum, { builds }) => sum + builds, 0),
      oldestScheduledAt: oldestOf(alike),
      reasons: reasonsOf(alike),
    };
  });
  return rows.sort((a, b) => a.system.localeCompare(b.system, 'en') || a.priority - b.priority);
}

function oldestOf(groups: readonly ToldGroup[]): string | null {
  const oldest = groups.reduce((least, one) => Math.min(least, one.oldest.getTime()), Infinity);
  return oldest === Infinity ? null : new Date(oldest).toISOString();
}

/** What most wait for comes first. */
function reasonsOf(groups: readonly ToldGroup[]): QueueCount['byReason'] {
  return summed(groups, ({ reason }) => reason)
    .map(([reason, builds]) => ({ reason, builds }))
    .sort((a, b) => b.builds - a.builds);
}

function summed(
  groups: readonly ToldGroup[],
  key: (group: ToldGroup) => string,
): [string, number][] {
  const sums = new Map<string, number>();
  for (const group of groups) sums.set(key(group), (sums.get(key(group)) ?? 0) + group.builds);
  return [...sums];
}
