/**
 * Log frames of one session on their way to the log store: in order within an attempt, attempts
 * beside one another, and heartbeats never behind them. Bytes past the limit are acknowledged and
 * dropped.
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
  private readonly chains = new Map<number, Promise<void>>();

  constructor(private readonly parts: LogIntakeParts) {}

  /** Answers the offset to go on from, once the bytes below it are kept. */
  take(frame: LogFrame): Promise<number> {
    const before = this.chains.get(frame.attempt) ?? Promise.resolve();
    const taken = before.then(() => this.append(frame));
    const chain = taken.then(
      () => undefined,
      () => undefined,
    );
    this.chains.set(frame.attempt, chain);
    void chain.then(() => {
      if (this.chains.get(frame.attempt) === chain) this.chains.delete(frame.attempt);
    });
    return taken;
  }

  /** The attempt has ended: what came before is kept, and on disk. */
  async seal(attempt: AttemptId): Promise<void> {
    await this.chains.get(attempt);
    await this.parts.logs.seal(`attempt-${attempt}`);
  }

  private async append({ attempt, offset, bytes }: LogFrame): Promise<number> {
    const { logs, bus, maxLogBytes } = this.parts;
    const end = offset + bytes.length;
    if (offset >= maxLogBytes) {
      // Dropped for its length, or else sent before what lies between: that is still missing.
      const size = await logs.size(`attempt-${attempt}`);
      return size >= maxLogBytes ? end : size;
    }
    const kept = bytes.subarray(0, maxLogBytes - offset);
    const size = await logs.append(`attempt-${attempt}`, offset, kept);
    await bus.publish(`live/log/attempt-${attempt}`, String(size));
    return end > maxLogBytes && size >= maxLogBytes ? end : size;
  }
}
