/**
 * Which paths were read, written in batches: what a collector may take goes by the last read. At
 * most so many are remembered, and one that was not noted is noted at its next read.
 */
import { Logger } from '@nestjs/common';
import type { OfferedPaths } from '#application/ports/offered-paths.js';
import { sentenceOf } from '#std/farm-fault.js';

export interface NotesLimits {
  readonly remembered: number;
  /** In one statement. */
  readonly batch: number;
  readonly milliseconds: number;
}

const usual: NotesLimits = { remembered: 50_000, batch: 1000, milliseconds: 10_000 };

export class ReadNotes {
  private readonly logger = new Logger('substitutes');
  private noted = new Map<number, Set<string>>();
  private count = 0;
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> = Promise.resolve();
  private failing = false;

  constructor(
    private readonly offered: Pick<OfferedPaths, 'noteReads'>,
    private readonly limits: NotesLimits = usual,
  ) {}

  /** Whether it will be written. */
  note(store: number, hashPart: string): boolean {
    if (this.count >= this.limits.remembered) return false;
    let parts = this.noted.get(store);
    if (!parts) this.noted.set(store, (parts = new Set()));
    if (parts.has(hashPart)) return true;
    parts.add(hashPart);
    this.count += 1;
    this.timer ??= setTimeout(() => void this.write(), this.limits.milliseconds).unref();
    return true;
  }

  /** Writes what is remembered. A farm whose Postgres is away loses this and no more. */
  write(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    this.writing = this.writing.then(() => this.writeAll());
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    const noted = this.noted;
    this.noted = new Map();
    this.count = 0;
    try {
      for (const [store, parts] of noted) {
        const all = [...parts];
        for (let from = 0; from < all.length; from += this.limits.batch) {
          const hashParts = all.slice(from, from + this.limits.batch);
          await this.offered.noteReads({ store, hashParts });
        }
      }
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.warn(`reads are not noted: ${sentenceOf(error)}`);
      this.failing = true;
    }
  }
}
