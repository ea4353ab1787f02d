/**
 * How many jobs of each system have succeeded, evaluation by evaluation. Counting a hundred
 * thousand jobs takes a while, so nobody waits for it: what was counted last is told, and counted
 * again in the background, part by part, when what the farm keeps of it has changed.
 */
import { setTimeout as rest } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { OverviewQueries } from '#adapters/postgres/overview-queries.js';
import type { Availability } from '#protocol/api/overview.js';

/** A small farm is counted meanwhile. */
const patienceMilliseconds = 40;
/** Some ten milliseconds of Postgres; then all others have three times as long. */
const partOfJobs = 5000;
const restShare = 3;
/** How long nothing is counted again, too: in all it takes one part in twenty of the time. */
const restAfterAll = 4;
const keptAtMost = 2000;

export interface Asked {
  readonly evaluation: string;
  /** Changes whenever the counts do. */
  readonly counts: string;
}

interface Counted {
  readonly counts: string;
  readonly systems: readonly Availability[];
}

@Injectable()
export class Availabilities {
  private readonly counted = new Map<string, Counted>();
  private readonly wanted = new Map<string, Asked>();
  private counting: Promise<void> | null = null;
  private patience: Promise<void> = Promise.resolve();
  private readonly queries: OverviewQueries;
  private restsUntil = 0;

  constructor(database: Database) {
    this.queries = new OverviewQueries(database);
  }

  /** By evaluation; what nobody has counted yet is left out. */
  async of(asked: readonly Asked[]): Promise<ReadonlyMap<string, readonly Availability[]>> {
    for (const one of asked) {
      if (this.counted.get(one.evaluation)?.counts !== one.counts) {
        this.wanted.set(one.evaluation, one);
      }
    }
    if (this.wanted.size > 0 && performance.now() >= this.restsUntil) await this.hurry();
    return new Map(
      asked.flatMap(({ evaluation }) => {
        const known = this.counted.get(evaluation);
        return known ? [[evaluation, known.systems] as const] : [];
      }),
    );
  }

  /** Who comes later while a count goes on does not wait for it. */
  private async hurry(): Promise<void> {
    if (!this.counting) {
      this.patience = rest(patienceMilliseconds, undefined, { ref: false });
      this.counting = this.countAll()
        .catch(() => undefined)
        .finally(() => (this.counting = null));
    }
    await Promise.race([this.counting, this.patience]);
  }

  private async countAll(): Promise<void> {
    const began = performance.now();
    for (const { evaluation, counts } of [...this.wanted.values()]) {
      const systems = await this.count(Number(evaluation));
      this.wanted.delete(evaluation);
      this.counted.delete(evaluation);
      this.counted.set(evaluation, { counts, systems });
    }
    for (const oldest of this.counted.keys()) {
      if (this.counted.size <= keptAtMost) break;
      this.counted.delete(oldest);
    }
    const now = performance.now();
    this.restsUntil = now + restAfterAll * (now - began);
  }

  private async count(evaluation: number): Promise<readonly Availability[]> {
    const sums = new Map<string, Availability>();
    let after: number | null = 0;
    do {
      const began = performance.now();
      const { systems, next } = await this.queries.availability({ evaluation, after }, partOfJobs);
      for (const { system, jobs, succeeded } of systems) {
        const sum = sums.get(system) ?? { system, jobs: 0, succeeded: 0 };
        const both = { jobs: sum.jobs + jobs, succeeded: sum.succeeded + succeeded };
        sums.set(system, { system, ...both });
      }
      after = next;
      if (after) await rest(restShare * (performance.now() - began), undefined, { ref: false });
    } while (after);
    return [...sums.values()].sort((a, b) => (a.system < b.system ? -1 : 1));
  }
}
