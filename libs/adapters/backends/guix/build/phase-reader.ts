/**
 * The phases of gnu-build-system in a build's log, as its builder prints them: "starting phase
 * `unpack'" and "phase `unpack' succeeded after 0.1 seconds". Pure; lines may come in pieces.
 */

/** Longer lines tell no phase. */
const longestLine = 400;
const lineFeed = 0x0a;

export class PhaseReader {
  #rest = '';
  #tooLong = false;
  #current: string | null = null;

  /** Begun and not succeeded: where a build that failed did so. */
  get current(): string | null {
    return this.#current;
  }

  take(bytes: Uint8Array): void {
    for (let start = 0; start < bytes.length;) {
      const found = bytes.indexOf(lineFeed, start);
      const end = found === -1 ? bytes.length : found;
      this.#piece(bytes.subarray(start, end));
      if (found !== -1) this.#lineEnds();
      start = end + 1;
    }
  }

  #piece(bytes: Uint8Array): void {
    if (this.#tooLong || this.#rest.length + bytes.length > longestLine) {
      this.#tooLong = true;
      this.#rest = '';
    } else this.#rest += Buffer.from(bytes).toString('latin1');
  }

  #lineEnds(): void {
    const started = /^starting phase [`']([^\s'`]{1,100})'/.exec(this.#rest)?.[1];
    const ended = /^phase [`']([^\s'`]{1,100})' succeeded/.exec(this.#rest)?.[1];
    if (started !== undefined) this.#current = started;
    else if (ended !== undefined && ended === this.#current) this.#current = null;
    this.#rest = '';
    this.#tooLong = false;
  }
}
