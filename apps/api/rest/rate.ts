/**
 * How much one asker may ask: a bucket that fills evenly and holds one window's worth, so that a
 * burst is as good as a steady flow. Each process of the api counts for itself.
 */

export interface Quota {
  /** Requests. */
  readonly most: number;
  readonly seconds: number;
}

export interface Taken {
  readonly admitted: boolean;
  /** Requests that may follow at once. */
  readonly left: number;
  /** Seconds until the bucket is full, or, of one not admitted, until the next may come. */
  readonly seconds: number;
}

interface Bucket {
  level: number;
  at: number;
}

const bucketsAtMost = 20_000;

export class Rate {
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly quota: Quota) {}

  /** `now` in milliseconds. */
  take(asker: string, now: number): Taken {
    const bucket = this.bucketOf(asker, now);
    const admitted = bucket.level >= 1;
    if (admitted) bucket.level -= 1;
    const missing = admitted ? this.quota.most - bucket.level : 1 - bucket.level;
    const seconds = Math.ceil((missing * this.quota.seconds) / this.quota.most);
    return { admitted, left: Math.floor(bucket.level), seconds };
  }

  private bucketOf(asker: string, now: number): Bucket {
    const { most, seconds } = this.quota;
    const found = this.buckets.get(asker);
    if (!found) {
      if (this.buckets.size >= bucketsAtMost) this.forget(now);
      const made = { level: most, at: now };
      this.buckets.set(asker, made);
      return made;
    }
    const gained = (Math.max(0, now - found.at) / 1000) * (most / seconds);
    found.level = Math.min(most, found.level + gained);
    found.at = now;
    return found;
  }

  /** Those that would be full again; were there none, all: a flood of addresses is no asker. */
  private forget(now: number): void {
    for (const [asker, { at }] of this.buckets) {
      if (now - at > this.quota.seconds * 1000) this.buckets.delete(asker);
    }
    if (this.buckets.size >= bucketsAtMost) this.buckets.clear();
  }
}
