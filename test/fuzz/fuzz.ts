/**
 * Fuzzes one subject in a thread of bounded heap and stack, and watches it: an input at which it
 * stands still, or at which it dies, is told as one that broke a promise.
 */
import { Worker } from 'node:worker_threads';
import type { HandReport, HandTask } from './hand.js';

export interface FuzzTask {
  readonly subject: string;
  readonly cases: number;
  readonly seed: number;
  readonly kept: readonly string[];
  /** Milliseconds of processor time for one input; 400 are many for at most 96 kB. */
  readonly patienceMillis?: number;
  /** Milliseconds without a new input after which the thread hangs, whatever the machine does. */
  readonly standstillMillis?: number;
}

export interface FuzzReport extends HandReport {
  readonly subject: string;
  /** How far the process's largest resident size went up, in bytes. */
  readonly grownBytes: number;
}

const limits = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 32, stackSizeMb: 4 };
const shownBytes = 128 * 1024;

const loader = new URL('../simulator/loader.mjs', import.meta.url).href;
const hand = new URL('./hand.ts', import.meta.url);

export async function fuzz(task: FuzzTask): Promise<FuzzReport> {
  const before = process.resourceUsage().maxRSS;
  const counters = new SharedArrayBuffer(8);
  const bytes = new SharedArrayBuffer(shownBytes);
  const workerData: HandTask = { patienceMillis: 400, ...task, counters, bytes };
  const execArgv = ['--import', loader, '--no-warnings'];
  const thread = new Worker(hand, { workerData, execArgv, resourceLimits: limits });
  const report = await ended(thread, workerData, task.standstillMillis ?? 20_000);
  await thread.terminate();
  // Linux tells kilobytes.
  const grownBytes = (process.resourceUsage().maxRSS - before) * 1024;
  return { ...report, subject: task.subject, grownBytes };
}

function ended(thread: Worker, task: HandTask, standstill: number): Promise<HandReport> {
  const begun = new Int32Array(task.counters);
  return new Promise((resolve) => {
    let seen = 0;
    let since = performance.now();
    const watch = setInterval(() => {
      const now = Atomics.load(begun, 0);
      if (now !== seen) since = performance.now();
      seen = now;
      if (performance.now() - since > standstill) end(dead('stands still', task));
    }, 250);
    const end = (report: HandReport): void => {
      clearInterval(watch);
      resolve(report);
    };
    thread.once('message', end);
    thread.once('error', (error) => end(dead(error.stack ?? error.message, task)));
    thread.once('exit', (code) => end(dead(`ended with ${code}`, task)));
  });
}

function dead(message: string, task: HandTask): HandReport {
  const [cases = 0, length = 0] = new Int32Array(task.counters);
  const input = Buffer.from(task.bytes, 0, Math.min(length, task.bytes.byteLength));
  const broken = { message, input: input.toString('base64') };
  return { cases, accepted: 0, slowestMillis: 0, broken };
}
