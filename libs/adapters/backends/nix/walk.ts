/**
 * One walk over a channel for one system: evaluator processes one after the other until every job
 * is told, then the words of those that threw. The ledger decides, this acts.
 */
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import type { EvaluationEvent } from '#application/ports/backend.js';
import type { BoundedProcess, Ending } from '../sandbox/bounded-process.js';
import { MixedOutput } from '../sandbox/mixed-output.js';
import type { Evaluator } from './evaluator.js';
import { nixStoreDir } from './nix-program.js';
import { errorIn } from './nix-words.js';
import { WalkLedger, type ProcessEnd } from './walk-ledger.js';

export interface WalkRequest {
  readonly mark: string;
  readonly system: string;
  readonly deadline: number;
  readonly cancellation: Cancellation;
}

/** Bytes at the end of what an evaluator says, where its error stands. */
const tailLength = 64 * 1024;
/** Bytes of log that one walk may make; a channel can trace for ever. */
const longestLog = 32 * 1024 * 1024;
/** Each costs a process of some 50 ms. */
const mostWordsFetched = 500;
const wordsFetchedAtOnce = 2;

export class Walk {
  readonly #ledger = new WalkLedger(nixStoreDir);
  #logLeft = longestLog;
  #tail = Buffer.alloc(0);

  constructor(
    private readonly evaluator: Evaluator,
    private readonly request: WalkRequest,
  ) {}

  get takesSystem(): boolean {
    return this.#ledger.takesSystem;
  }

  async *events(): AsyncGenerator<EvaluationEvent, void, undefined> {
    for (;;) {
      const end = yield* this.#process();
      const next = this.#ledger.processEnds(end);
      if (next.kind === 'finished') break;
      if (next.kind === 'stop') throw this.#stopped(next);
      if (next.event !== null) yield next.event;
    }
    yield* this.#wordsOfCaught();
  }

  async *#process(): AsyncGenerator<EvaluationEvent, ProcessEnd, undefined> {
    const { mark } = this.request;
    this.#ledger.processStarts();
    this.#tail = Buffer.alloc(0);
    const child = this.#start(this.#ledger.done, null);
    const output = new MixedOutput(`trace: ${mark}`);
    child.stdout.resume();
    try {
      for await (const chunk of child.stderr) {
        yield* this.#told(output.take(chunk as Buffer));
        if (output.overflown) child.end('output');
      }
      yield* this.#told(output.finish());
      return this.#processEnd(await child.ended);
    } finally {
      child.end('abandoned');
    }
  }

  #start(done: Readonly<Record<string, true>>, only: readonly string[] | null): BoundedProcess {
    const { mark, system, deadline, cancellation } = this.request;
    return this.evaluator.start({ walk: { mark, system, done, only }, deadline, cancellation });
  }

  *#told(parted: {
    readonly events: readonly string[];
    readonly log: Uint8Array;
  }): Generator<EvaluationEvent, void, undefined> {
    for (const json of parted.events) {
      const event = this.#ledger.take(json);
      if (event !== null) yield event;
    }
    if (parted.log.length === 0) return;
    this.#tail = Buffer.concat([this.#tail, parted.log]).subarray(-tailLength);
    yield* this.#log(parted.log);
  }

  *#log(bytes: Uint8Array): Generator<EvaluationEvent, void, undefined> {
    if (this.#logLeft <= 0) return;
    yield { kind: 'log', bytes: bytes.subarray(0, this.#logLeft) };
    this.#logLeft -= bytes.length;
    if (this.#logLeft > 0) return;
    yield { kind: 'log', bytes: Buffer.from('\n[the rest of this log is left out]\n') };
  }

  #processEnd(ending: Ending): ProcessEnd {
    const job = this.#ledger.current === null ? '' : ` while it evaluated ${this.#ledger.current}`;
    if (ending.startError !== null) throw new FarmFault('program-failed', ending.startError);
    if (ending.endedFor === 'canceled') {
      throw new FarmFault('canceled', 'the evaluation was canceled', 'never');
    }
    if (ending.endedFor === 'time') {
      const sentence = `the evaluation took longer than its limit${job}`;
      throw new FarmFault('evaluation-timed-out', sentence, 'never');
    }
    if (ending.code === 0) return { ok: true, outOfMemory: false, words: '' };
    const said = this.#tail.toString('utf8');
    if (ending.endedFor === 'output') {
      return { ok: false, outOfMemory: false, words: 'The evaluator printed a line without end.' };
    }
    const outOfMemory = ending.endedFor === 'memory' || isMemoryError(said);
    if (outOfMemory) {
      return { ok: false, outOfMemory, words: 'The evaluator needed more memory than its limit.' };
    }
    const words =
      errorIn(said, this.evaluator.checkoutPrefix) ||
      `The evaluator ended with ${ending.code ?? ending.signal}.`;
    return { ok: false, outOfMemory, words };
  }

  #stopped(stop: { readonly outOfMemory: boolean; readonly words: string }): FarmFault {
    const code = stop.outOfMemory ? 'evaluation-out-of-memory' : 'evaluator-failed';
    return new FarmFault(code, stop.words, 'never');
  }

  async *#wordsOfCaught(): AsyncGenerator<EvaluationEvent, void, undefined> {
    const caught = this.#ledger.caught;
    for (let i = 0; i < caught.length; i += wordsFetchedAtOnce) {
      const some = caught.slice(i, i + wordsFetchedAtOnce);
      const words =
        i < mostWordsFetched
          ? await Promise.all(some.map((name) => this.#wordsOf(name)))
          : some.map(() => 'The job throws an error. Too many do, so that it was not asked why.');
      for (const [n, name] of some.entries()) {
        const message = words[n] ?? '';
        yield* this.#log(Buffer.from(`error: job ${name}: ${message}\n`));
        yield { kind: 'job-error', name, message };
      }
    }
  }

  async #wordsOf(name: string): Promise<string> {
    const child = this.#start({}, name.split('.'));
    child.stdout.resume();
    let tail = Buffer.alloc(0);
    for await (const chunk of child.stderr) {
      tail = Buffer.concat([tail, chunk as Buffer]).subarray(-tailLength);
    }
    const ending = await child.ended;
    if (ending.code === 0) return 'The job throws an error, though not each time.';
    if (ending.endedFor !== null) this.#processEnd(ending);
    return errorIn(tail.toString('utf8'), this.evaluator.checkoutPrefix);
  }
}

function isMemoryError(said: string): boolean {
  return /out of memory|std::bad_alloc|cannot allocate memory/i.test(said.trimEnd().slice(-500));
}
