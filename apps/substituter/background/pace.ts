/**
 * Holds work in the background to so many bytes a second, so that those who are served do not feel
 * it. What was not used is not saved up for more than a moment.
 */
import { setTimeout as pause } from 'node:timers/promises';

/** Milliseconds of its rate that may be spent at once. */
const burst = 50;

export class Pace {
  /** When all that was spent is paid for. */
  private paidAt = 0;

  /** `signal` ends every wait: the work stops then. */
  constructor(
    private readonly bytesPerSecond: number,
    private readonly signal: AbortSignal,
  ) {}

  async spend(bytes: number): Promise<void> {
    const now = performance.now();
    this.paidAt = Math.max(this.paidAt, now) + (bytes / this.bytesPerSecond) * 1000;
    const wait = this.paidAt - now - burst;
    if (wait > 0) await pause(wait, undefined, { signal: this.signal });
    this.signal.throwIfAborted();
  }
}
