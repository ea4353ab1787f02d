/**
 * Runs a reconciler on wake or tick, one run at a time. A wake during a run means one more run
 * after it, since what the wake is about may have come too late for this one.
 */
export class Wakeable {
  private running: Promise<void> | undefined;
  private again = false;
  private stopped = false;
  private ticking: NodeJS.Timeout | undefined;

  constructor(private readonly run: () => Promise<void>) {}

  start(tickSeconds: number): void {
    this.ticking = setInterval(() => this.wake(), tickSeconds * 1000);
    this.wake();
  }

  wake(): void {
    this.again = true;
    if (this.stopped || this.running) return;
    this.running = this.drain().finally(() => {
      this.running = undefined;
    });
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearInterval(this.ticking);
    await this.running;
  }

  private async drain(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      await this.run();
    }
  }
}
