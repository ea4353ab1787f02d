/**
 * Log shipping: each attempt's file is read from the acknowledged offset on and sent in frames of
 * at most 64 KiB, gathered for 75 ms. Two bounds keep heartbeats from queueing behind it: the
 * farm's credit for each attempt, and a short queue in the socket.
 */
import type { AttemptLedger, HeldAttempt } from './attempt-ledger.js';
import type { LogFrame } from '#protocol/log-frame.js';

const gatherMilliseconds = 75;
const longestQueue = 256 * 1024;

export interface LogLine {
  readonly ready: boolean;
  readonly waitingBytes: number;
  sendLog(frame: LogFrame): void;
}

export class LogLoop {
  #timer: NodeJS.Timeout | undefined;
  #window = 0;

  constructor(
    private readonly ledger: AttemptLedger,
    private readonly line: LogLine,
  ) {}

  /** A new conversation. */
  restart(windowBytes: number): void {
    this.#window = windowBytes;
    for (const held of this.ledger.all()) held.cursor.restart();
    this.watch();
  }

  /** Looks from now on, as long as there are attempts. */
  watch(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => {
      for (const held of this.ledger.all()) this.ship(held);
      if (this.ledger.all().length === 0) this.stop();
    }, gatherMilliseconds);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The farm keeps everything below this offset. */
  acknowledged(held: HeldAttempt, offset: number): void {
    if (offset > held.cursor.acknowledged) held.logMovedAt = performance.now();
    held.cursor.acknowledge(offset);
    // More than a frame behind: the next tick would only make it later.
    const full = held.directory.logSize() - offset > gatherMilliseconds * 1024;
    if (full || held.finishedAt !== null) this.ship(held);
  }

  /** Sends what the bounds allow now. */
  ship({ attempt, cursor, directory }: HeldAttempt): void {
    if (!this.line.ready) return;
    const size = directory.logSize();
    while (this.line.waitingBytes < longestQueue) {
      const span = cursor.next(size, this.#window);
      if (!span) return;
      const bytes = directory.readLog(span.offset, span.length);
      this.line.sendLog({ attempt: Number(attempt), offset: span.offset, bytes });
      cursor.sent(span);
    }
  }
}
