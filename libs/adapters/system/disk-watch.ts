/**
 * Watches the disk below one directory for a process of the farm: tells the others how much room
 * there is, and its people when that becomes too little or enough again.
 */
import { statfs } from 'node:fs/promises';
import type { DiskStore } from '#application/ports/disk-store.js';
import { diskLevel, type DiskBounds, type DiskLevel } from '#domain/retention/disk-level.js';

export interface DiskWatchParts {
  readonly directory: string;
  /** What lies there, for people: `the nar store`. */
  readonly place: string;
  /** The process and its host; two processes of one name watch one disk. */
  readonly name: string;
  readonly bounds: DiskBounds;
  readonly store: Pick<DiskStore, 'tell'>;
  /** It became short, or roomy again. */
  readonly announce: (sentence: string, level: DiskLevel) => void;
  /** Tests have disks of their own. */
  readonly spaceOf?: (directory: string) => Promise<DiskSpace>;
  readonly lookMilliseconds?: number;
}

/** In bytes; free is what a process without privileges may use. */
export interface DiskSpace {
  readonly free: number;
  readonly total: number;
}

const lookMilliseconds = 2000;
/** Others believe it for a minute. */
const tellMilliseconds = 15_000;

export async function diskSpace(directory: string): Promise<DiskSpace> {
  const { bavail, blocks, bsize } = await statfs(directory);
  return { free: bavail * bsize, total: blocks * bsize };
}

export class DiskWatch {
  private now: DiskLevel = 'roomy';
  private toldAt = -Infinity;
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(private readonly parts: DiskWatchParts) {}

  get level(): DiskLevel {
    return this.now;
  }

  /** Resolves when it has looked once. */
  async start(): Promise<void> {
    await this.look();
    const every = this.parts.lookMilliseconds ?? lookMilliseconds;
    this.timer = setInterval(() => {
      this.looking = this.look();
    }, every).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.timer);
    await this.looking;
  }

  private async look(): Promise<void> {
    const { directory, bounds, spaceOf = diskSpace } = this.parts;
    const space = await spaceOf(directory).catch(() => null);
    if (!space) return;
    const level = diskLevel(this.now, space.free, bounds);
    const isTurn = level !== this.now;
    this.now = level;
    if (isTurn) this.parts.announce(this.sentence(space), level);
    if (isTurn || performance.now() - this.toldAt >= tellMilliseconds) await this.tell(space);
  }

  /** A database that is away hears of it later; the guard itself does not need it. */
  private async tell({ free: freeBytes, total: totalBytes }: DiskSpace): Promise<void> {
    const { name, place, store } = this.parts;
    const disk = { name, place, level: this.now, freeBytes, totalBytes };
    await store.tell(disk).then(
      () => {
        this.toldAt = performance.now();
      },
      () => undefined,
    );
  }

  private sentence({ free, total }: DiskSpace): string {
    const told = `${inMebibytes(free)} of ${inMebibytes(total)} MiB are free for`;
    const what = {
      roomy: 'everything goes on',
      soft: 'nothing new is evaluated until there is more',
      hard: 'nothing is taken in until there is more',
    }[this.now];
    return `${told} ${this.parts.place}: ${what}`;
  }
}

function inMebibytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}
