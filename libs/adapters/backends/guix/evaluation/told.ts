/**
 * One of our programs under Guix, from its start to its end: events and log as they come, then how
 * it ended. What ends it early is a fault of the evaluation, told in Guix's words where there are
 * any.
 */
import { randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { FarmFault } from '#std/farm-fault.js';
import type { BoundedProcess, Ending } from '../../sandbox/bounded-process.js';
import { merged } from '../../sandbox/merged.js';
import { MixedOutput } from '../../sandbox/mixed-output.js';
import { errorIn, withoutColours } from './guix-events.js';
import { socketsInside, startGuix, type GuixRun } from './guix-process.js';
import type { GuixPlace } from './guix-place.js';

export type Told =
  | { readonly kind: 'event'; readonly json: string }
  | { readonly kind: 'log'; readonly bytes: Uint8Array };

/** Bytes at the end of what was said, where an error stands. */
const tailLength = 16 * 1024;

/** What begins the lines of events: no channel can know it before. */
export function newMark(): string {
  return `gambeson-${randomBytes(16).toString('hex')} `;
}

/** Ends when the program does; `what` names the work in sentences. */
export async function* runTelling(
  place: GuixPlace,
  run: GuixRun,
  { mark, what }: { readonly mark: string; readonly what: string },
): AsyncGenerator<Told, void, undefined> {
  const child = startGuix(place, run);
  const tail = new Tail();
  try {
    for await (const told of merged([eventsOf(child, mark), logOf(child.stderr)])) {
      if (told.kind === 'log') tail.take(told.bytes);
      yield told;
    }
    const ending = await child.ended;
    if (ending.code !== 0) throw faultOf(ending, tail.text, what);
  } finally {
    child.end('abandoned');
    await child.ended;
  }
}

async function* eventsOf(child: BoundedProcess, mark: string): AsyncGenerator<Told> {
  const output = new MixedOutput(mark);
  const told = function* (parted: ReturnType<MixedOutput['take']>): Generator<Told> {
    for (const json of parted.events) yield { kind: 'event', json };
    if (parted.log.length > 0) yield { kind: 'log', bytes: parted.log };
  };
  for await (const chunk of child.stdout) {
    yield* told(output.take(chunk as Buffer));
    if (output.overflown) child.end('output');
  }
  yield* told(output.finish());
}

async function* logOf(stream: Readable): AsyncGenerator<Told> {
  for await (const chunk of stream) yield { kind: 'log', bytes: chunk as Buffer };
}

class Tail {
  #bytes = Buffer.alloc(0);

  take(bytes: Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, bytes]).subarray(-tailLength);
  }

  get text(): string {
    return withoutColours(this.#bytes.toString('utf8')).replaceAll('/checkouts/', '').trim();
  }
}

function faultOf(ending: Ending, said: string, what: string): FarmFault {
  if (ending.startError !== null) return new FarmFault('program-failed', ending.startError);
  const never = (code: 'canceled' | 'evaluation-timed-out' | 'evaluator-failed', words: string) =>
    new FarmFault(code, words, 'never');
  if (ending.endedFor === 'canceled') return never('canceled', 'the evaluation was canceled');
  if (ending.endedFor === 'time') {
    return never('evaluation-timed-out', `the evaluation took longer than its limit: ${what}`);
  }
  if (ending.endedFor === 'output') {
    return never('evaluator-failed', `the evaluator printed a line without end: ${what}`);
  }
  if (ending.endedFor === 'memory' || isMemoryError(said)) {
    const words = `the evaluator needed more memory than its limit: ${what}`;
    return new FarmFault('evaluation-out-of-memory', words, 'never');
  }
  if (said.includes('failed to connect to') && said.includes(socketsInside)) {
    return new FarmFault('program-failed', `the Guix daemon does not answer: ${errorIn(said)}`);
  }
  const end = `the evaluator ended with ${ending.code ?? ending.signal}: ${what}`;
  return never('evaluator-failed', errorIn(said) || end);
}

function isMemoryError(said: string): boolean {
  return /out of memory|too many heap sections|cannot allocate memory/i.test(said.slice(-500));
}
