/**
 * A loop that looks at the truth and moves it one step, on wake or on tick. Wakes that come during
 * a pass are one more pass. It rests at least as long as its last pass took, so that a farm under
 * load spends no more than half of the loop's time on it (but no longer than a quarter of a second,
 * since a long pass is rare and what came meanwhile waits), and a fault is told and tried again.
 */
export interface ReconcilerOptions {
  readonly name: string;
  readonly tickMilliseconds: number;
  /** A pass is left out while this says no. */
  readonly mayRun: () => boolean;
  readonly pass: () => Promise<void>;
  readonly fault: (name: string, error: unknown) => void;
}

const restAtMostMilliseconds = 250;

export class Reconciler {
  private timer: NodeJS.Timeout | null = null;
  private running: Promise<void> | null = null;
  private woken = false;
  private stopped = false;
  private restUntil = 0;

  constructor(private readonly options: ReconcilerOptions) {}

  start(): void {
    this.wake();
  }

  wake(): void {
    if (this.stopped) return;
    this.woken = true;
    if (!this.running) this.schedule(Math.max(0, this.restUntil - performance.now()));
  }

  /** No pass begins any more; resolves when the one under way has ended. */
  async stop(): Promise<void> {
    this.stopped = true;
    if (this.timer) clearTimeout(this.timer);
    await this.running;
  }

  private schedule(milliseconds: number): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      // A pass that is left out ends at once: what it leaves behind must come after this.
      this.running = this.run().then((rest) => {
        this.running = null;
        if (this.stopped) return;
        this.schedule(this.woken ? rest : Math.max(rest, this.options.tickMilliseconds));
      });
    }, milliseconds);
  }

  /** Milliseconds to rest. */
  private async run(): Promise<number> {
    this.woken = false;
    const begun = performance.now();
    if (this.options.mayRun()) {
      await this.options.pass().catch((error: unknown) => {
        this.options.fault(this.options.name, error);
      });
    }
    const ended = performance.now();
    const rest = Math.min(ended - begun, restAtMostMilliseconds);
    this.restUntil = ended + rest;
    return rest;
  }
}
