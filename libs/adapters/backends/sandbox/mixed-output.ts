/**
 * Parts what an evaluator says: lines that bear a mark, which are events, and everything else,
 * which is the evaluation's log. Bounded: a line that never ends is an error, not memory.
 */

export const longestLine = 16 * 1024 * 1024;

export interface Parted {
  readonly events: readonly string[];
  readonly log: Uint8Array;
}

export class MixedOutput {
  readonly #prefix: Buffer;
  #rest: Buffer[] = [];
  #restLength = 0;

  /** `prefix` begins the line of an event. */
  constructor(prefix: string) {
    this.#prefix = Buffer.from(prefix);
  }

  /** True once a line is longer than any honest one. */
  get overflown(): boolean {
    return this.#restLength > longestLine;
  }

  take(chunk: Buffer): Parted {
    const last = chunk.lastIndexOf(0x0a);
    if (last === -1) {
      this.#rest.push(chunk);
      this.#restLength += chunk.length;
      return { events: [], log: new Uint8Array(0) };
    }
    const whole = Buffer.concat([...this.#rest, chunk.subarray(0, last + 1)]);
    const rest = chunk.subarray(last + 1);
    this.#rest = [rest];
    this.#restLength = rest.length;
    return this.#part(whole);
  }

  /** What came after the last line feed. */
  finish(): Parted {
    const rest = Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restLength = 0;
    return this.#part(rest);
  }

  #part(lines: Buffer): Parted {
    const events: string[] = [];
    const log: Buffer[] = [];
    for (let start = 0; start < lines.length;) {
      const found = lines.indexOf(0x0a, start);
      const end = found === -1 ? lines.length : found + 1;
      const line = lines.subarray(start, end);
      if (line.subarray(0, this.#prefix.length).equals(this.#prefix)) {
        events.push(line.toString('utf8', this.#prefix.length).trimEnd());
      } else log.push(line);
      start = end;
    }
    return { events, log: Buffer.concat(log) };
  }
}
