/**
 * Heartbeats wait for the next pulse of this process and are carried out together, so that a quiet
 * farm costs a few statements a second however many workers it has.
 */
export class Pulse {
  private coming: Promise<void> | null = null;

  constructor(private readonly milliseconds: number) {}

  /** Resolves with the pulse that follows; nothing beats while nobody waits. */
  next(): Promise<void> {
    this.coming ??= new Promise((resolve) => {
      setTimeout(() => {
        this.coming = null;
        resolve();
      }, this.milliseconds);
    });
    return this.coming;
  }
}

const longestMilliseconds = 500;

/** Short beside a heartbeat: a lease is renewed for the last time well before it runs out. */
export function pulseOf(heartbeatSeconds: number): Pulse {
  return new Pulse(Math.min(longestMilliseconds, heartbeatSeconds * 50));
}
