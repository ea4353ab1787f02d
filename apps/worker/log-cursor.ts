/**
 * How far an attempt's log has been sent and acknowledged. Pure. The farm's word on what it keeps
 * always wins: the worker goes on from there, be it ahead of or behind what it remembers.
 */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** What one frame carries at most. */
export const longestFrame = 64 * 1024;

export class LogCursor {
  #sent = 0;
  #acknowledged = 0;
  /** One frame at a time, until the farm has told where it stands. */
  #probing = true;

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /**
   * What to send next of a log of `size` bytes with `window` bytes of credit; null for nothing
   * now.
   */
  next(size: number, window: number): Span | null {
    if (this.#probing && this.#sent > this.#acknowledged) return null;
    const credit = window - (this.#sent - this.#acknowledged);
    const length = Math.min(size - this.#sent, credit, longestFrame);
    return length > 0 ? { offset: this.#sent, length } : null;
  }

  sent(span: Span): void {
    this.#sent = span.offset + span.length;
  }

  acknowledge(offset: number): void {
    const gap = offset <= this.#acknowledged && this.#sent > offset;
    this.#acknowledged = offset;
    if (gap || offset > this.#sent) this.#sent = offset;
    this.#probing = gap;
  }

  /** A new connection: what was under way may be lost. */
  restart(): void {
    this.#sent = this.#acknowledged;
    this.#probing = true;
  }
}
