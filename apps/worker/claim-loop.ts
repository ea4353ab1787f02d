/**
 * Claims: every free slot asks for a build once per conversation, and again when it is free
 * again; none while the worker holds back.
 */
import type { WorkerMessage } from '#protocol/worker.js';
import type { AttemptLedger } from './attempt-ledger.js';

export class ClaimLoop {
  /** Slots whose claim stands in this conversation. */
  readonly #standing = new Set<number>();

  constructor(
    private readonly ledger: AttemptLedger,
    private readonly send: (message: WorkerMessage) => void,
    private readonly holdsBack: () => boolean,
  ) {}

  get standing(): number {
    return this.#standing.size;
  }

  /** A new conversation: no claim of the last one stands. */
  restart(): void {
    this.#standing.clear();
  }

  /** A build came for this slot. */
  answered(slot: number): void {
    this.#standing.delete(slot);
  }

  /** Claims for every free slot that has not yet asked; never for more than max-jobs in all. */
  run(): void {
    if (this.holdsBack()) return;
    const slots = this.ledger.freeSlots().filter((slot) => !this.#standing.has(slot));
    if (slots.length === 0) return;
    for (const slot of slots) this.#standing.add(slot);
    this.send({ type: 'claim', slots });
  }
}
