/**
 * Looks at the attempts on disk: what has started and what has ended is told, and what died without
 * a word is given one. A watcher sees it at once; the regular look finds what a watcher missed.
 */
import { watch, type FSWatcher } from 'node:fs';
import type { WorkerMessage } from '#protocol/worker.js';
import type { AttemptLedger, HeldAttempt } from './attempt-ledger.js';
import { failure } from './attempt/run-attempt.js';
import { endedSilently } from './supervisors.js';

const lookMilliseconds = 500;

export interface LookParts {
  readonly ledger: AttemptLedger;
  readonly line: { readonly ready: boolean; send(message: WorkerMessage): void };
  /** It has its result. */
  ended(held: HeldAttempt): void;
  /** All were looked at. */
  looked(): void;
}

export class LookLoop {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #timer: NodeJS.Timeout;

  constructor(private readonly parts: LookParts) {
    this.#timer = setInterval(() => this.lookAll(), lookMilliseconds);
  }

  /** A new conversation: what was told may not have been heard. */
  restart(): void {
    for (const held of this.parts.ledger.all()) held.startedTold = false;
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  watch(held: HeldAttempt): void {
    const watcher = watch(held.directory.path, (_, name) => {
      if (name === 'result.json' || name === 'started') this.look(held);
    });
    watcher.on('error', () => watcher.close());
    this.#watchers.set(held.attempt, watcher);
  }

  unwatch(attempt: string): void {
    this.#watchers.get(attempt)?.close();
    this.#watchers.delete(attempt);
  }

  lookAll(): void {
    for (const held of this.parts.ledger.all()) this.look(held);
    this.parts.looked();
  }

  look(held: HeldAttempt): void {
    const { line } = this.parts;
    const { directory, attempt, fence } = held;
    if (!held.startedTold && held.reportedAt === null && directory.hasStarted()) {
      line.send({ type: 'started', attempt, fence });
      held.startedTold = line.ready;
    }
    if (held.finishedAt !== null) return;
    if (!held.stopping && endedSilently(held)) {
      directory.writeResult(failure('infrastructure', 'the supervisor of the attempt died'));
    }
    if (!directory.hasResult()) return;
    held.finishedAt = performance.now();
    this.parts.ended(held);
  }
}
