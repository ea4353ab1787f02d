/**
 * A value that is asked for elsewhere and told for a while. Who reads it waits for a moment at
 * most: it is told as it was while it is asked for again, and is null while nobody knows it.
 */
import { setTimeout as rest } from 'node:timers/promises';

export interface Keeping<T> {
  /** A rejection leaves what is known as it is. */
  readonly ask: () => Promise<T>;
  /** All in milliseconds: for so long nobody asks again, whether an answer came or a rejection, */
  readonly fresh: number;
  /** for so long it is told at all, */
  readonly told: number;
  /** and so long a reader waits where there is nothing to tell. */
  readonly patience: number;
}

export class KeptAWhile<T> {
  private kept: { readonly value: T; readonly at: number } | null = null;
  private asking: Promise<T | null> | null = null;
  private askedAt = -Infinity;

  constructor(private readonly keeping: Keeping<T>) {}

  async read(): Promise<T | null> {
    const { kept, keeping } = this;
    const now = performance.now();
    const known = kept && now - kept.at < keeping.told ? kept.value : null;
    if (!this.asking && now - this.askedAt < keeping.fresh) return known;
    const asking = this.askOnce();
    if (known !== null) return known;
    return Promise.race([asking, rest(keeping.patience, null, { ref: false })]);
  }

  private askOnce(): Promise<T | null> {
    this.asking ??= this.keeping
      .ask()
      .then((value) => {
        this.kept = { value, at: performance.now() };
        return value;
      })
      .catch(() => null)
      .finally(() => {
        this.asking = null;
        this.askedAt = performance.now();
      });
    return this.asking;
  }
}
