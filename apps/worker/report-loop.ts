/**
 * Reports: the result of an attempt lies on disk until the farm has acknowledged it, and is sent
 * again in every conversation. The log goes first, so that it is whole when the attempt is closed;
 * a farm that is there and takes no more of the log holds the report up for a short while only.
 */
import type { WorkerMessage } from '#protocol/worker.js';
import type { AttemptLedger, HeldAttempt } from './attempt-ledger.js';
import { failure } from './attempt/run-attempt.js';

const logPatience = 3_000;
const repeatAfter = 10_000;

export class ReportLoop {
  #conversationAt = 0;

  constructor(
    private readonly ledger: AttemptLedger,
    private readonly send: (message: WorkerMessage) => void,
  ) {}

  /** A new conversation: what was said before may not have been heard. */
  restart(): void {
    this.#conversationAt = performance.now();
    for (const held of this.ledger.all()) held.reportedAt = null;
  }

  run(): void {
    for (const held of this.ledger.all()) if (this.#due(held)) this.#report(held);
  }

  #due(held: HeldAttempt): boolean {
    const { finishedAt, reportedAt, logMovedAt, cursor, directory } = held;
    if (finishedAt === null) return false;
    const now = performance.now();
    if (reportedAt !== null) return now - reportedAt > repeatAfter;
    const waiting = now - Math.max(finishedAt, logMovedAt, this.#conversationAt);
    return cursor.acknowledged >= directory.logSize() || waiting > logPatience;
  }

  #report(held: HeldAttempt): void {
    const { attempt, fence, directory } = held;
    const result = directory.result() ?? failure('infrastructure', 'the result cannot be read');
    this.send({ type: 'report', attempt, fence, logBytes: directory.logSize(), result });
    held.reportedAt = performance.now();
  }
}
