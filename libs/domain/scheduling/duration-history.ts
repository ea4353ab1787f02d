/**
 * What builds have lasted, by package name and system, on a worker of speed 1: a moving mean of
 * logarithms for each name, and the spread over all names, of which a high quantile stands for
 * names never seen. Unknown long builds are what lengthens a schedule, so they are feared; who is
 * told when something ends is told by what they last on the mean.
 */
const newest = 0.4;
/** A quantile of fewer names says nothing. */
const enoughNames = 20;
const bucketsPerDoubling = 4;
const buckets = 160;

export class DurationHistory {
  private readonly logs = new Map<string, number>();
  private readonly spread = new Int32Array(buckets);

  /** `unknownMs` stands for names never seen until enough names are known. */
  constructor(private readonly unknownMs: number) {}

  static key(packageName: string, system: string): string {
    return `${system} ${packageName}`;
  }

  get names(): number {
    return this.logs.size;
  }

  /** A build of the name lasted so long; the newest counts most. */
  observe(key: string, ms: number): void {
    const log = Math.log2(Math.max(1, ms));
    const before = this.logs.get(key);
    this.put(key, before, before === undefined ? log : before + newest * (log - before));
  }

  /** Takes over a mean that was measured elsewhere. */
  learn(key: string, ms: number): void {
    this.put(key, this.logs.get(key), Math.log2(Math.max(1, ms)));
  }

  /** Milliseconds, or null for a name never seen. */
  meanOf(key: string): number | null {
    const log = this.logs.get(key);
    return log === undefined ? null : 2 ** log;
  }

  /** The duration that a share `q` of all names keeps below. */
  quantile(q: number): number {
    if (this.logs.size < enoughNames) return this.unknownMs;
    let left = q * this.logs.size;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      left -= this.spread[bucket]!;
      if (left <= 0) return 2 ** ((bucket + 1) / bucketsPerDoubling);
    }
    return 2 ** (buckets / bucketsPerDoubling);
  }

  /** Milliseconds that a name never seen is expected to last: the mean of all names. */
  mean(): number {
    if (this.logs.size === 0) return this.unknownMs;
    let sum = 0;
    for (let bucket = 0; bucket < buckets; bucket += 1) {
      sum += this.spread[bucket]! * 2 ** ((bucket + 0.5) / bucketsPerDoubling);
    }
    return sum / this.logs.size;
  }

  private put(key: string, before: number | undefined, log: number): void {
    if (before !== undefined) this.spread[bucketOf(before)]! -= 1;
    this.spread[bucketOf(log)]! += 1;
    this.logs.set(key, log);
  }
}

function bucketOf(log: number): number {
  return Math.min(buckets - 1, Math.floor(log * bucketsPerDoubling));
}
