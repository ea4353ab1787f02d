/**
 * Searches all of a log in threads beside the one that serves, so that neither a large log nor an
 * expression without an end holds anybody up: a thread that takes too long is ended.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { LogKey } from '#application/ports/log-store.js';
import { logPath } from './log-path.js';
import type { SearchFinding, SearchTask } from './search-thread.js';

export interface LogQuestion {
  /** Bytes to search from the beginning. */
  readonly size: number;
  /** Where a line in the middle of a large log begins: both halves are searched at once. */
  readonly middle?: { readonly offset: number; readonly line: number };
  readonly expression: RegExp;
  /** Lines behind this one are told; all are counted. */
  readonly after: number;
  readonly limit: number;
}

export interface FoundLines {
  readonly kind: 'found';
  /** Numbers of lines. */
  readonly lines: readonly number[];
  /** Matching lines up to `after`. */
  readonly before: number;
  readonly total: number;
}

export type SearchAnswer = FoundLines | { readonly kind: 'too-slow' } | { readonly kind: 'busy' };

export interface SearchLimits {
  readonly threads: number;
  readonly milliseconds: number;
  /** Searches that wait for a thread. */
  readonly waiting: number;
}

interface Waiting {
  readonly task: SearchTask;
  readonly told: (answer: SearchAnswer) => void;
}

const usual: SearchLimits = { threads: 2, milliseconds: 2000, waiting: 50 };

export class LogSearch {
  private readonly idle: Worker[] = [];
  private readonly all = new Set<Worker>();
  private readonly waiting: Waiting[] = [];

  constructor(
    private readonly directory: string,
    private readonly limits = usual,
    private readonly program = programFile(),
  ) {}

  async search(key: LogKey, question: LogQuestion): Promise<SearchAnswer> {
    const { size, middle, expression, after, limit } = question;
    if (size === 0) return { kind: 'found', lines: [], before: 0, total: 0 };
    if (this.waiting.length >= this.limits.waiting) return { kind: 'busy' };
    const { source, ignoreCase, unicode } = expression;
    const flags = `g${ignoreCase ? 'i' : ''}m${unicode ? 'u' : ''}` as SearchTask['flags'];
    const all = { path: logPath(this.directory, key), source, flags, after, limit };
    if (!middle) return this.ask({ ...all, start: 0, end: size, firstLine: 1 });
    const { offset, line } = middle;
    const [first, second] = await Promise.all([
      this.ask({ ...all, start: 0, end: offset, firstLine: 1 }),
      this.ask({ ...all, start: offset, end: size, firstLine: line }),
    ]);
    if (first.kind !== 'found') return first;
    if (second.kind !== 'found') return second;
    return {
      kind: 'found',
      lines: [...first.lines, ...second.lines].slice(0, limit),
      before: first.before + second.before,
      total: first.total + second.total,
    };
  }

  /** Threads are there before the first search, which then need not wait for them. */
  expect(): void {
    while (this.all.size < this.limits.threads) this.idle.push(this.start()!);
  }

  private ask(task: SearchTask): Promise<SearchAnswer> {
    return new Promise((told) => {
      this.waiting.push({ task, told });
      this.next();
    });
  }

  async close(): Promise<void> {
    for (const { told } of this.waiting.splice(0)) told({ kind: 'busy' });
    await Promise.all([...this.all].map((worker) => worker.terminate()));
  }

  private next(): void {
    if (this.waiting.length === 0) return;
    const worker = this.idle.pop() ?? this.start();
    if (worker) this.give(worker, this.waiting.shift()!);
  }

  private start(): Worker | null {
    if (this.all.size >= this.limits.threads) return null;
    const worker = new Worker(this.program);
    worker.unref();
    // Its end follows.
    worker.on('error', () => undefined);
    this.all.add(worker);
    return worker;
  }

  private give(worker: Worker, { task, told }: Waiting): void {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      void worker.terminate();
    }, this.limits.milliseconds);
    const finish = (answer: SearchAnswer): void => {
      clearTimeout(timer);
      worker.off('message', onMessage);
      worker.off('exit', onExit);
      told(answer);
      this.next();
    };
    const onMessage = ({ error, lines, before, total }: SearchFinding): void => {
      this.idle.push(worker);
      finish(error === null ? { kind: 'found', lines, before, total } : { kind: 'busy' });
    };
    const onExit = (): void => {
      this.all.delete(worker);
      finish({ kind: late ? 'too-slow' : 'busy' });
    };
    worker.on('message', onMessage);
    worker.on('exit', onExit);
    worker.postMessage(task, []);
  }
}

/** As built, or the source itself where nothing is built. */
function programFile(): URL {
  const built = new URL('./search-thread.js', import.meta.url);
  return existsSync(fileURLToPath(built)) ? built : new URL('./search-thread.ts', import.meta.url);
}
