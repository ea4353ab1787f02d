/**
 * Reads the build trace that guix-daemon sends when a client asks for `print-build-trace` and
 * `multiplexed-build-output`: lines that begin with `@ `, and among them
 *
 *     @ build-log PID LEN
 *
 * which is followed by exactly LEN bytes of that builder's output, whatever they are. Everything
 * else is words of the daemon. Streaming, byte exact, pure; the form is that of
 * test/fixtures/guix-publish/transcripts, made by the daemon itself.
 */
export type TraceEvent =
  | {
      readonly kind: 'build-started';
      readonly derivation: string;
      readonly system: string;
      /** Null where the daemon is too old to say it. */
      readonly pid: number | null;
    }
  /** A piece of what the builder of that process said; one of the daemon's may come in several. */
  | { readonly kind: 'build-log'; readonly pid: number; readonly bytes: Uint8Array }
  | { readonly kind: 'build-succeeded'; readonly derivation: string }
  | {
      readonly kind: 'build-failed';
      readonly derivation: string;
      /** `timeout`, `cached`, or a number. */
      readonly status: string;
      readonly text: string;
    }
  | {
      readonly kind: 'substituter';
      readonly end: 'started' | 'succeeded' | 'failed';
      readonly item: string;
      readonly text: string;
    }
  | { readonly kind: 'hash-mismatch'; readonly item: string; readonly text: string }
  /** A line without its line feed, or as much of one as is kept. */
  | { readonly kind: 'words'; readonly bytes: Uint8Array };

/** The daemon's own lines are short; of longer ones this much is read at a time. */
const longestLine = 64 * 1024;
const lineFeed = 0x0a;
const mark = Buffer.from('@ ');

export class TraceReader {
  #line: Buffer[] = [];
  #lineLength = 0;
  /** The rest of a line that was too long. */
  #within = false;
  #frame: { readonly pid: number; left: number } | null = null;

  /** True when what came ends within a frame or a line: the daemon went away. */
  get cut(): boolean {
    return this.#frame !== null || this.#lineLength > 0;
  }

  take(chunk: Uint8Array): TraceEvent[] {
    const events: TraceEvent[] = [];
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    while (rest.length > 0) {
      rest = this.#frame ? this.#takeFrame(rest, events) : this.#takeLine(rest, events);
    }
    return events;
  }

  #takeFrame(rest: Buffer, events: TraceEvent[]): Buffer {
    const frame = this.#frame!;
    const bytes = rest.subarray(0, frame.left);
    frame.left -= bytes.length;
    if (frame.left === 0) this.#frame = null;
    events.push({ kind: 'build-log', pid: frame.pid, bytes });
    return rest.subarray(bytes.length);
  }

  #takeLine(rest: Buffer, events: TraceEvent[]): Buffer {
    const end = rest.indexOf(lineFeed);
    const piece = rest.subarray(0, end === -1 ? rest.length : end);
    this.#line.push(piece);
    this.#lineLength += piece.length;
    if (end === -1 && this.#lineLength < longestLine) return rest.subarray(rest.length);
    const line = Buffer.concat(this.#line);
    this.#line = [];
    this.#lineLength = 0;
    const whole = end !== -1 && !this.#within;
    this.#within = end === -1;
    const event = whole ? this.#read(line) : null;
    if (event !== 'frame') events.push(event ?? { kind: 'words', bytes: line });
    return end === -1 ? rest.subarray(rest.length) : rest.subarray(end + 1);
  }

  /** Null for a line that is no line of a trace. */
  #read(line: Buffer): TraceEvent | 'frame' | null {
    if (!line.subarray(0, mark.length).equals(mark)) return null;
    const text = line.toString('utf8', mark.length);
    const log = /^build-log (\d{1,10}) (\d{1,9})$/.exec(text);
    if (!log) return eventOf(text);
    const left = Number(log[2]);
    if (left > 0) this.#frame = { pid: Number(log[1]), left };
    return 'frame';
  }
}

const ends = { started: 'started', succeeded: 'succeeded', failed: 'failed' } as const;

function eventOf(text: string): TraceEvent | null {
  const [, word = '', item = '', tail = ''] = /^(\S+) (\S+) ?(.*)$/s.exec(text) ?? [];
  const words = tail.split(' ');
  switch (word) {
    case 'build-started': {
      // DRV - SYSTEM LOGFILE PID
      const pid = words[3];
      return {
        ...{ kind: 'build-started', derivation: item, system: words[1] ?? '' },
        pid: pid !== undefined && /^\d+$/.test(pid) ? Number(pid) : null,
      };
    }
    case 'build-succeeded':
      return { kind: 'build-succeeded', derivation: item };
    case 'build-failed': {
      const [status = '', ...said] = words.slice(1);
      return { kind: 'build-failed', derivation: item, status, text: said.join(' ') };
    }
    case 'hash-mismatch':
      return { kind: 'hash-mismatch', item, text: tail };
    default: {
      const end = /^substituter-(started|succeeded|failed)$/.exec(word)?.[1];
      if (end === undefined) return null;
      return { kind: 'substituter', end: ends[end as keyof typeof ends], item, text: tail };
    }
  }
}
