/**
 * The disk guard: below a least number of free bytes the worker claims nothing, says so, and claims
 * again by itself when there is room. What runs goes on.
 */
import { statfsSync } from 'node:fs';
import { say } from './say.js';

const lookMilliseconds = 1_000;

export interface DiskGuardParts {
  readonly directory: string;
  /** Bytes; 0 is no guard. */
  readonly minDisk: number;
  /** It holds from now on, or not any more. */
  turned(): void;
}

const largestMargin = 1024 ** 3;

/** A little more than the least must be free again, so that it does not turn to and fro. */
export function guards(before: boolean, free: number, minDisk: number): boolean {
  const margin = before ? Math.min(minDisk / 16, largestMargin) : 0;
  return free < minDisk + margin;
}

export class DiskGuard {
  #holds = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly parts: DiskGuardParts) {}

  get holds(): boolean {
    return this.#holds;
  }

  start(): void {
    if (this.parts.minDisk === 0) return;
    this.#look();
    this.#timer = setInterval(() => this.#look(), lookMilliseconds);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const { directory, minDisk, turned } = this.parts;
    const free = freeBytes(directory);
    const holds = guards(this.#holds, free, minDisk);
    if (holds === this.#holds) return;
    this.#holds = holds;
    const told = `${inMebibytes(free)} MiB of ${inMebibytes(minDisk)} are free on its disk`;
    say(holds ? `claims nothing: only ${told}` : `claims again: ${told}`);
    turned();
  }
}

/** What the file system of this path has for us. */
export function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(path);
  return bavail * bsize;
}

function inMebibytes(bytes: number): number {
  return Math.floor(bytes / 1024 ** 2);
}
