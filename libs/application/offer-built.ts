/**
 * Offers what an evaluation itself built (the profile of its channels, so that others can download
 * it), beside the reading of its jobs. An evaluation does not fail when that cannot be done.
 */
import { FarmFault } from '#std/farm-fault.js';
import type { SourceOfferer } from './offer-sources.js';

export class BuiltOfferer {
  #underWay: Promise<void> = Promise.resolve();
  #fault: string | null = null;

  constructor(private readonly sources: Pick<SourceOfferer, 'offer'>) {}

  /** Full paths; returns at once. */
  begin(paths: readonly string[]): void {
    this.#underWay = this.#underWay.then(() => this.#offer(paths));
  }

  /** When all that was begun is offered: a sentence for the log, or null. */
  async settled(): Promise<string | null> {
    await this.#underWay;
    return this.#fault;
  }

  async #offer(paths: readonly string[]): Promise<void> {
    try {
      await this.sources.offer(paths);
    } catch (fault) {
      if (!(fault instanceof FarmFault)) throw fault;
      this.#fault = `what the evaluation built is not all offered: ${fault.message}`;
    }
  }
}
