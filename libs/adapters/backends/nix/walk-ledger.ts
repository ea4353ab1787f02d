/**
 * The ledger of one walk over a channel's jobs, which may take several evaluator processes. It
 * reads the walk's lines, knows which jobs are told, and says after each process how to go on.
 * Pure.
 */
import type { EvaluatedJob, EvaluationEvent } from '#application/ports/backend.js';
import { parseStorePath } from '#formats/store-path.js';
import { jobOf } from './evaluated-job.js';

export interface ProcessEnd {
  readonly ok: boolean;
  readonly outOfMemory: boolean;
  /** Nix's words for the error, or ours for how it ended. */
  readonly words: string;
}

export type NextStep =
  | { readonly kind: 'finished' }
  /** Start another process; the event, if any, is to be told. */
  | { readonly kind: 'again'; readonly event: EvaluationEvent | null }
  /** The evaluation cannot go on. */
  | { readonly kind: 'stop'; readonly outOfMemory: boolean; readonly words: string };

/** Each costs the time it takes to fill the memory, so that a few are enough to give up. */
const memoryHogsAllowed = 3;

export class WalkLedger {
  readonly #done: Record<string, true> = Object.create(null) as Record<string, true>;
  readonly #caught: string[] = [];
  /** The job being evaluated, when there is one. */
  #current: string | null = null;
  #toldByProcess = 0;
  #memoryHogs = 0;
  #takesSystem = false;

  constructor(private readonly storeDir: string) {}

  /** Jobs that need no further look, as keys. */
  get done(): Readonly<Record<string, true>> {
    return this.#done;
  }

  get current(): string | null {
    return this.#current;
  }

  /** Jobs that threw; their words are still to be fetched. */
  get caught(): readonly string[] {
    return this.#caught;
  }

  /** Whether the channel's function asks for which system it is to speak. */
  get takesSystem(): boolean {
    return this.#takesSystem;
  }

  processStarts(): void {
    this.#current = null;
    this.#toldByProcess = 0;
  }

  /** Takes one event of the walk, as JSON; answers what the evaluation is to tell. */
  take(json: string): EvaluationEvent | null {
    const event = parseObject(json);
    if (event === null) return this.#fault('said something that is no JSON');
    if (this.#notes(event)) return null;
    const key = String(event['job'] ?? event['caught'] ?? event['wrong'] ?? event['nothing'] ?? '');
    this.#finish(key);
    if ('job' in event) return this.#job(key, event);
    if ('caught' in event) this.#caught.push(key);
    if ('wrong' in event) return failed(key, `${key} ${String(event['words'])}`);
    return null;
  }

  processEnds(end: ProcessEnd): NextStep {
    if (end.ok) return { kind: 'finished' };
    const culprit = this.#current;
    const fresh = this.#toldByProcess === 0;
    const stop = { kind: 'stop', outOfMemory: end.outOfMemory, words: end.words } as const;
    // What filled the memory may be all jobs together: the culprit gets a process of its own first.
    if (end.outOfMemory && !fresh) return { kind: 'again', event: null };
    if (culprit === null) return fresh ? stop : { kind: 'again', event: null };
    if (end.outOfMemory && ++this.#memoryHogs >= memoryHogsAllowed) return stop;
    this.#finish(culprit);
    return { kind: 'again', event: failed(culprit, end.words) };
  }

  /** True for what is only to be remembered. */
  #notes(event: Readonly<Record<string, unknown>>): boolean {
    const { begun, opened, formals } = event;
    if (Array.isArray(formals)) this.#takesSystem ||= formals.includes('system');
    else if (typeof begun === 'string') this.#current = begun;
    else if (typeof opened === 'string') this.#current = null;
    else return false;
    return true;
  }

  #finish(key: string): void {
    this.#done[key] = true;
    this.#current = null;
    this.#toldByProcess++;
  }

  #job(key: string, event: Record<string, unknown>): EvaluatedJob | EvaluationEvent {
    const job = jobOf(event, (path) => parseStorePath(this.storeDir, path).ok);
    return job.ok ? job.value : failed(key, job.error);
  }

  #fault(words: string): EvaluationEvent | null {
    return this.#current === null ? null : failed(this.#current, words);
  }
}

function failed(name: string, message: string): EvaluationEvent {
  return { kind: 'job-error', name, message };
}

function parseObject(json: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
