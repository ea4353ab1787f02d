/**
 * Uploads that were cut, kept for a while so that their senders go on where they stopped. What is
 * kept lies in this process: at another, and after a restart, an upload begins anew.
 */
import type { NarIntake } from '#application/ingest-nar.js';

export interface ShelfLimits {
  /** How many are kept; the oldest goes first. */
  readonly uploads: number;
  readonly milliseconds: number;
  /** How long a connection that its sender gave up may go on. */
  readonly graceMilliseconds: number;
}

interface Parked {
  readonly intake: NarIntake;
  readonly timer: NodeJS.Timeout;
}

/** An upload whose connection stands, as far as is known here. */
interface Active {
  readonly cut: () => void;
  readonly ended: Promise<unknown>;
}

const defaultLimits = { uploads: 64, milliseconds: 600_000, graceMilliseconds: 1000 };

export class UploadShelf {
  private readonly parked = new Map<string, Parked>();
  private readonly active = new Map<string, Active>();

  constructor(private readonly limits: ShelfLimits = defaultLimits) {}

  /**
   * Bytes that have come under this key; null when nothing is kept. Whoever asks has lost its
   * connection, even where that was not noticed here yet.
   */
  async offsetOf(key: string): Promise<number | null> {
    await this.interrupt(key);
    return this.parked.get(key)?.intake.size ?? null;
  }

  /** Takes from the shelf what has come so far, if it is just so much. */
  take(key: string, offset: number): NarIntake | null {
    const found = this.parked.get(key);
    if (found?.intake.size !== offset) return null;
    clearTimeout(found.timer);
    this.parked.delete(key);
    return found.intake;
  }

  /** What is kept under the key is of no use any more. */
  forget(key: string): Promise<void> {
    return this.drop(key);
  }

  /**
   * Follows an upload, from its first moment on; an earlier one of its key is over before the work
   * begins. `cut` breaks its connection.
   */
  async during<T>(key: string, cut: () => void, work: () => Promise<T>): Promise<T> {
    const ended = this.interrupt(key).then(work);
    const active = { cut, ended: ended.catch(() => undefined) };
    this.active.set(key, active);
    try {
      return await ended;
    } finally {
      if (this.active.get(key) === active) this.active.delete(key);
    }
  }

  async park(key: string, intake: NarIntake): Promise<void> {
    await this.drop(key);
    const timer = setTimeout(() => void this.drop(key), this.limits.milliseconds).unref();
    this.parked.set(key, { intake, timer });
    const [oldest] = this.parked.keys();
    if (this.parked.size > this.limits.uploads && oldest !== undefined) await this.drop(oldest);
  }

  async close(): Promise<void> {
    for (const key of [...this.parked.keys()]) await this.drop(key);
  }

  private async interrupt(key: string): Promise<void> {
    const active = this.active.get(key);
    if (!active) return;
    // A connection that was cut has bytes on their way here, and ends by itself.
    const patience = this.limits.graceMilliseconds;
    const timer = setTimeout(active.cut, patience);
    await active.ended;
    clearTimeout(timer);
  }

  private async drop(key: string): Promise<void> {
    const found = this.parked.get(key);
    if (!found) return;
    this.parked.delete(key);
    clearTimeout(found.timer);
    await found.intake.close();
  }
}
