/**
 * The thread in which a subject takes its inputs. What it is about to try stands in shared memory,
 * so that the one that watches can name the input at which this thread hung or died.
 */
import { parentPort, workerData } from 'node:worker_threads';
import fc from 'fast-check';
import { inputsOf } from './inputs.js';
import type { Subject, Verdict } from './subject.js';
import { all } from './subjects.js';

export interface HandTask {
  readonly subject: string;
  readonly cases: number;
  readonly seed: number;
  /** Milliseconds of this thread's own work that one input may cost. */
  readonly patienceMillis: number;
  /** Int32: how many inputs were begun; the length of the one under way. */
  readonly counters: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
  /** Inputs in base64 that are tried first. */
  readonly kept: readonly string[];
}

export interface HandReport {
  readonly cases: number;
  readonly accepted: number;
  readonly slowestMillis: number;
  /** The first input that broke a promise, made as small as it gets; null when none did. */
  readonly broken: { readonly message: string; readonly input: string } | null;
}

const task = workerData as HandTask;
const counters = new Int32Array(task.counters);
const shown = new Uint8Array(task.bytes);
const subject = subjectOf(task.subject);
const seen = { cases: 0, accepted: 0, slowestMillis: 0 };

const { postMessage } = parentPort!;
postMessage.call(parentPort, await run());

async function run(): Promise<HandReport> {
  const first = await samplesAndKept();
  if (first) return { ...seen, broken: first };
  if (task.cases === 0) return { ...seen, broken: null };
  const property = fc.asyncProperty(inputsOf(subject), async (bytes) => {
    await attempt(bytes);
  });
  const { seed, cases } = task;
  const details = await fc.check(property, { seed, numRuns: cases, endOnFailure: false });
  if (!details.failed) return { ...seen, broken: null };
  const [input = new Uint8Array()] = details.counterexample ?? [];
  return { ...seen, broken: brokenBy(input, details.errorInstance) };
}

async function samplesAndKept(): Promise<HandReport['broken']> {
  const kept = task.kept.map((text) => Uint8Array.from(Buffer.from(text, 'base64')));
  const samples = subject.samples();
  for (const [i, bytes] of [...samples, ...kept].entries()) {
    try {
      const verdict = await attempt(bytes);
      if (i >= samples.length || subject.samplesRefused) continue;
      if (verdict === 'refused') throw new Error('a sample was refused');
    } catch (error) {
      return brokenBy(bytes, error);
    }
  }
  // What is made once (compiled patterns, tables) is not the fault of one input.
  if (task.cases > 0) seen.slowestMillis = 0;
  return null;
}

async function attempt(bytes: Uint8Array): Promise<Verdict> {
  shown.set(bytes.subarray(0, shown.length));
  Atomics.store(counters, 1, bytes.length);
  Atomics.add(counters, 0, 1);
  const before = process.threadCpuUsage();
  const verdict = await subject.take(bytes);
  const { user, system } = process.threadCpuUsage(before);
  const millis = (user + system) / 1000;
  seen.cases += 1;
  if (verdict === 'accepted') seen.accepted += 1;
  seen.slowestMillis = Math.max(seen.slowestMillis, millis);
  if (millis > task.patienceMillis) {
    throw new Error(`took ${Math.round(millis)} ms for ${bytes.length} bytes`);
  }
  return verdict;
}

function brokenBy(bytes: Uint8Array, error: unknown): HandReport['broken'] {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const input = Buffer.from(bytes.subarray(0, shown.length));
  return { message: `${message} (${bytes.length} bytes)`, input: input.toString('base64') };
}

function subjectOf(name: string): Subject {
  const found = all.find((one) => one.name === name);
  if (!found) throw new Error(`nothing called ${name} is fuzzed`);
  return found;
}
