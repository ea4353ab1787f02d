/**
 * Uploads that were cut, kept for a while so that their senders go on where they stopped. What is
 * kept lies in this process: at another, and after a restart, an upload begins anew.
 */
import type { NarIntake } from '#application/ingest-nar.js';

export interface ShelfLimits {
  /** How many are kept; the oldest goes first. */
  readonly uploads: number;
  readonly milliseconds: number;
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

export class UploadShelf {
  private readonly parked = new Map<string, Parked>();
  private readonly active = new Map<string, Active>();

  constructor(private readonly limits: ShelfLimits = { uploads: 64, milliseconds: 600_000 }) {}

  /**
   * Bytes that have come under this key; null when nothing is kept. Whoever asks has lost its
   * connection, even where that was not noticed here yet.
   */
  async offsetOf(key: string): Promise<number | null> {
    await this.interrupt(key);
    return this.parked.get(key)?.intake.size ?? null;
  }

  /** Takes from the shelf what has come so far, if it is just so much. */
  async take(key: string, offset: number): Promise<NarIntake | null> {
    await this.interrupt(key);
    const found = this.parked.get(key);
    if (found?.intake.size !== offset) return null;
    clearTimeout(found.timer);
    this.parked.delete(key);
    return found.intake;
  }

  /** What is kept under the key is of no use any more. */
  async forget(key: string): Promise<void> {
    await this.interrupt(key);
    await this.drop(key);
  }

  /** Follows an upload; `cut` breaks its connection. */
  async during<T>(key: string, cut: () => void, work: () => Promise<T>): Promise<T> {
    const ended = work();
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
    active.cut();
    await active.ended;
  }

  private async drop(key: string): Promise<void> {
    const found = this.parked.get(key);
    if (!found) return;
    this.parked.delete(key);
    clearTimeout(found.timer);
    await found.intake.close();
  }
}
