/**
 * Log frames of one session on their way to the log store. None waits for the one before it: the
 * store keeps those of an attempt in their order, and many that come together at once. Whoever
 * follows is told by one message at a time, of the newest size. Bytes past the limit are
 * acknowledged and dropped.
 */
import type { AttemptId } from '#domain/ids.js';
import type { Bus } from '#application/ports/bus.js';
import type { LogStore } from '#application/ports/log-store.js';
import type { LogFrame } from '#protocol/log-frame.js';

export interface LogIntakeParts {
  readonly logs: LogStore;
  readonly bus: Bus;
  readonly maxLogBytes: number;
}

export class LogIntake {
  /** Of attempts of which something is being told: the size to tell next; null for none. */
  private readonly untold = new Map<number, number | null>();

  constructor(private readonly parts: LogIntakeParts) {}

  /**
   * Answers the offset to go on from, once the bytes below it are kept. Of frames that follow one
   * another each answer is more than the one before: a worker takes the same one twice for a gap.
   */
  async take({ attempt, offset, bytes }: LogFrame): Promise<number> {
    const { logs, maxLogBytes } = this.parts;
    const end = offset + bytes.length;
    const kept = bytes.subarray(0, Math.max(0, maxLogBytes - offset));
    const size = await logs.append(`attempt-${attempt}`, offset, kept);
    if (kept.length > 0) this.tell(attempt, size);
    // Dropped for its length, or else sent before what lies between: that is still missing.
    return end > maxLogBytes && size >= maxLogBytes ? end : size;
  }

  /** The attempt has ended: what came before is kept, and on disk. */
  async seal(attempt: AttemptId): Promise<void> {
    await this.parts.logs.seal(`attempt-${attempt}`);
  }

  private tell(attempt: number, size: number): void {
    const isTelling = this.untold.has(attempt);
    this.untold.set(attempt, size);
    if (!isTelling) void this.tellOn(attempt);
  }

  private async tellOn(attempt: number): Promise<void> {
    for (;;) {
      const size = this.untold.get(attempt) ?? null;
      if (size === null) break;
      this.untold.set(attempt, null);
      // Who follows looks by itself as well: the worker is not let wait for a bus that is away.
      await this.parts.bus.publish(`live/log/attempt-${attempt}`, String(size)).catch(() => null);
    }
    this.untold.delete(attempt);
  }
}
