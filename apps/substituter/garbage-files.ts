/**
 * Unlinks what was condemned, and once a day looks for files that never had a row: their process
 * died between the bytes and the row. Any process of the farm may do it; two of them take different
 * files.
 */
import { Logger } from '@nestjs/common';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresCondemnedFiles } from '#adapters/postgres/garbage-files.js';
import { collectFiles } from '#application/collect-files.js';
import { condemnOrphans } from '#application/condemn-orphans.js';
import type { LogRemoval } from '#application/ports/log-store.js';
import type { NarInventory, NarStore } from '#application/ports/nar-store.js';
import { sentenceOf } from '#std/farm-fault.js';
import { Loop } from './background/loop.js';

export interface GarbageFilesParts {
  readonly database: Database;
  readonly nars: NarStore & NarInventory;
  readonly logs: LogRemoval;
  readonly graceSeconds: number;
}

const unlinkTick = 10_000;
const orphanTick = 24 * 3_600_000;
/** The first look is not made while everything else starts. */
const firstOrphans = 600_000;

export class GarbageFiles {
  private readonly logger = new Logger('garbage');
  private readonly unlinking: Loop;
  private readonly orphans: Loop;
  private readonly condemned: PostgresCondemnedFiles;
  private beginning: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(private readonly parts: GarbageFilesParts) {
    this.condemned = new PostgresCondemnedFiles(parts.database);
    const fault = (error: unknown): void => this.logger.error(sentenceOf(error));
    this.unlinking = new Loop({ tickMilliseconds: unlinkTick, pass: () => this.unlink(), fault });
    this.orphans = new Loop({ tickMilliseconds: orphanTick, pass: () => this.condemn(), fault });
  }

  start(): void {
    this.unlinking.wake();
    this.beginning = setTimeout(() => this.orphans.wake(), firstOrphans).unref();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.beginning);
    await Promise.all([this.unlinking.stop(), this.orphans.stop()]);
  }

  private async unlink(): Promise<boolean> {
    const { nars, logs, graceSeconds: grace } = this.parts;
    const { condemned } = this;
    const fault = ({ key }: { readonly key: string }, thrown: unknown): void =>
      this.logger.error(`${key} cannot be removed: ${sentenceOf(thrown)}`);
    await collectFiles({ condemned, nars, logs, grace, fault }, () => !this.stopped);
    return false;
  }

  private async condemn(): Promise<boolean> {
    const { condemned } = this;
    const { nars: inventory } = this.parts;
    const parts = { inventory, condemned, now: () => Date.now() };
    const bytes = await condemnOrphans(parts, () => !this.stopped);
    if (bytes > 0) this.logger.warn(`${bytes} bytes of files that no row names are let go`);
    return false;
  }
}
