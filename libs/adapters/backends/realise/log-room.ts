/** How much of a build's log is still taken. Shared by the backends. */
export class LogRoom {
  #left: number;

  constructor(maxLogBytes: number) {
    this.#left = maxLogBytes;
  }

  /** True once more was said than the log may hold. */
  get over(): boolean {
    return this.#left < 0;
  }

  /** What of these bytes is kept; null for nothing. */
  take(bytes: Uint8Array): Uint8Array | null {
    const kept = bytes.subarray(0, Math.max(0, this.#left));
    this.#left -= bytes.length;
    return kept.length > 0 ? kept : null;
  }
}
