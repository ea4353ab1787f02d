/**
 * Work that goes on beside serving: one pass at a time, the next at once while there is more, else
 * when it is woken or its time has come. A fault is told, and tried again a tick later.
 */
export interface LoopOptions {
  readonly tickMilliseconds: number;
  /** Whether there is more to do at once. */
  readonly pass: () => Promise<boolean>;
  readonly fault: (error: unknown) => void;
}

export class Loop {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private woken = false;
  private stopped = false;

  constructor(private readonly options: LoopOptions) {}

  wake(): void {
    this.woken = true;
    if (!this.running) this.schedule(0);
  }

  /** No pass begins any more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private schedule(milliseconds: number): void {
    if (this.timer) clearTimeout(this.timer);
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running ??= this.run();
    }, milliseconds).unref();
  }

  private async run(): Promise<void> {
    this.woken = false;
    let more = false;
    try {
      more = await this.options.pass();
    } catch (error) {
      if (!this.stopped) this.options.fault(error);
    }
    this.running = null;
    this.schedule(more || this.woken ? 0 : this.options.tickMilliseconds);
  }
}
