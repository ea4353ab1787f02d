/**
 * Batches under way to Postgres: while one is prepared, the one before it is stored and the one
 * before that is written, each stage in the order of the batches. The first fault stops all that
 * comes after it.
 */
export interface BatchStages<Batch, Stored> {
  store(batch: Batch): Promise<Stored>;
  write(batch: Batch, stored: Stored): Promise<void>;
}

/** Each holds some megabytes. */
const underWayAtMost = 3;

export class BatchesUnderWay<Batch, Stored> {
  private stored: Promise<unknown> = Promise.resolve();
  /** Of those that may be under way, the oldest first. */
  private written: Promise<void>[] = [];

  constructor(private readonly stages: BatchStages<Batch, Stored>) {}

  /** Resolves when there is room for more. Throws the fault of any batch before. */
  async push(batch: Batch): Promise<void> {
    const stored = this.stored.then(() => this.stages.store(batch));
    const before = this.written.at(-1);
    const written = Promise.all([stored, before]).then(([ready]) =>
      this.stages.write(batch, ready),
    );
    // Told to whoever waits for it below; until then nobody may be listening.
    written.catch(() => undefined);
    this.stored = stored;
    this.written.push(written);
    if (this.written.length < underWayAtMost) return;
    await this.written[0];
    this.written.shift();
  }

  /** When all batches are written. Throws the first fault; nothing is under way after it. */
  async settled(): Promise<void> {
    const ends = await Promise.allSettled([this.stored, ...this.written]);
    const fault = ends.slice(1).find((end) => end.status === 'rejected');
    if (fault) throw fault.reason;
    this.written = [];
  }
}
