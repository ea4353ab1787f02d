/** How long the stages of an attempt last as the workers see them, in buckets of a few percent. */
export class StageTimes {
  private readonly stages = new Map<string, Map<number, number>>();

  /** Times the work and gives its answer. */
  async of<T>(stage: string, work: Promise<T>): Promise<T> {
    const begun = performance.now();
    try {
      return await work;
    } finally {
      this.note(stage, performance.now() - begun);
    }
  }

  /** `upload p50 3 ms, p99 20 ms` for each stage. */
  told(): string[] {
    return [...this.stages].map(([stage, buckets]) => {
      const at = (share: number): string => `${millisAt(buckets, share).toFixed(0)} ms`;
      return `${stage} p50 ${at(0.5)}, p99 ${at(0.99)}, longest ${at(1)}`;
    });
  }

  private note(stage: string, milliseconds: number): void {
    let buckets = this.stages.get(stage);
    if (!buckets) this.stages.set(stage, (buckets = new Map()));
    const bucket = Math.ceil(Math.log(Math.max(milliseconds, 0.1)) * 20);
    buckets.set(bucket, (buckets.get(bucket) ?? 0) + 1);
  }
}

function millisAt(buckets: ReadonlyMap<number, number>, share: number): number {
  const total = [...buckets.values()].reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const bucket of [...buckets.keys()].sort((a, b) => a - b)) {
    seen += buckets.get(bucket)!;
    if (seen >= total * share) return Math.exp(bucket / 20);
  }
  return 0;
}
