/**
 * How many jobs of each system have succeeded, evaluation by evaluation. Counting a hundred
 * thousand jobs takes a while, so nobody waits for it: what was counted last is told, and counted
 * again in the background, one evaluation at a time, when what the farm keeps of it has changed.
 */
import { Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { OverviewQueries } from '#adapters/postgres/overview-queries.js';
import type { Availability } from '#protocol/api/overview.js';

/** A small farm is counted meanwhile. */
const patienceMilliseconds = 40;
/** The share of time that counting may take: one part in twenty. */
const restShare = 19;
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

  private async hurry(): Promise<void> {
    this.counting ??= this.countAll()
      .catch(() => undefined)
      .finally(() => (this.counting = null));
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMilliseconds);
    });
    await Promise.race([this.counting, patience]);
    clearTimeout(timer);
  }

  private async countAll(): Promise<void> {
    const began = performance.now();
    for (const { evaluation, counts } of [...this.wanted.values()]) {
      const systems = await this.queries.availability(Number(evaluation));
      this.wanted.delete(evaluation);
      this.counted.delete(evaluation);
      this.counted.set(evaluation, { counts, systems });
    }
    for (const oldest of this.counted.keys()) {
      if (this.counted.size <= keptAtMost) break;
      this.counted.delete(oldest);
    }
    const now = performance.now();
    this.restsUntil = now + restShare * (now - began);
  }
}
