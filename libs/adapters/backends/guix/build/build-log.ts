/**
 * The log of one derivation out of a daemon's trace, which may tell of several at once: what its
 * own builder said, in which phase it was, and the daemon's words about it. Pure.
 *
 * A daemon that does not multiplex, or `guix build` itself, tells the same in words; those are
 * understood where no frame has been seen.
 */
import { PhaseReader } from './phase-reader.js';
import { TraceReader, type TraceEvent } from './trace-reader.js';

export type BuildLogEvent =
  { readonly kind: 'started' } | { readonly kind: 'log'; readonly bytes: Uint8Array };

export interface ToldFailure {
  readonly status: string;
  readonly text: string;
}

/** The last words are those that tell why. */
const mostWords = 64 * 1024;

export class BuildLog {
  readonly #trace = new TraceReader();
  readonly #phases = new PhaseReader();
  #words = '';
  #failure: ToldFailure | null = null;
  #foreign: string | null = null;
  /** Processes of our builder; null stands for one whose number was not told. */
  readonly #pids = new Set<number | null>();
  #framed = false;
  #plain = false;

  constructor(private readonly derivation: string) {}

  /** What the daemon said outside the builders' output, at most its end. */
  get words(): string {
    return this.#words;
  }

  /** How the trace says that our build failed. */
  get failure(): ToldFailure | null {
    return this.#failure;
  }

  /** Another derivation whose builder was started, though all inputs were there. */
  get foreign(): string | null {
    return this.#foreign;
  }

  /** The phase of gnu-build-system that was begun and has not succeeded. */
  get phase(): string | null {
    return this.#phases.current;
  }

  take(chunk: Uint8Array): BuildLogEvent[] {
    return this.#trace.take(chunk).flatMap((event) => this.#event(event) ?? []);
  }

  #event(event: TraceEvent): BuildLogEvent | null {
    switch (event.kind) {
      case 'build-started':
        return this.#started(event.derivation, event.pid);
      case 'build-log':
        this.#framed = true;
        return this.#pids.has(event.pid) || this.#onlyOurs() ? this.#log(event.bytes) : null;
      case 'build-failed':
        this.#say(`${event.status} ${event.text}`);
        if (event.derivation === this.derivation) this.#failure = event;
        return null;
      case 'hash-mismatch':
        this.#say(`hash mismatch for ${event.item} ${event.text}`);
        return null;
      case 'substituter':
        if (event.end === 'failed') this.#say(`substituter failed for ${event.item} ${event.text}`);
        return null;
      case 'words':
        return this.#line(event.bytes);
      case 'build-succeeded':
        return null;
    }
  }

  #started(derivation: string, pid: number | null): BuildLogEvent | null {
    if (derivation !== this.derivation) {
      this.#foreign ??= derivation;
      if (pid !== null) this.#pids.delete(pid);
      return null;
    }
    this.#pids.add(pid);
    return { kind: 'started' };
  }

  /** Where the daemon tells no process, whatever is said is said by the one builder there is. */
  #onlyOurs(): boolean {
    return this.#pids.has(null) && this.#foreign === null;
  }

  #log(bytes: Uint8Array): BuildLogEvent {
    this.#phases.take(bytes);
    return { kind: 'log', bytes };
  }

  #line(bytes: Uint8Array): BuildLogEvent | null {
    const text = Buffer.from(bytes).toString('utf8');
    if (!this.#framed && text === `building ${this.derivation}...`) {
      this.#plain = true;
      return { kind: 'started' };
    }
    if (this.#plain && !this.#framed && !endOfPlain.test(text)) {
      return this.#log(Buffer.concat([bytes, Buffer.from('\n')]));
    }
    this.#plain = false;
    this.#say(text);
    return null;
  }

  #say(text: string): void {
    this.#words = `${this.#words}${text}\n`.slice(-mostWords);
  }
}

/** What `guix build` says once a builder has ended. */
const endOfPlain = /^(builder for `|build of |building of `|successfully built |note: build fail)/;
