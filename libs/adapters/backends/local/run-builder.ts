/**
 * Runs a builder within its limits and gives its log as it comes, standard output and error as one.
 * When it ends, however it does, nothing of its process group is left.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { BuildLimits } from '#domain/build/limits.js';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { watchLimits, type Outlasted } from '../realise/limits-watch.js';
import { LogRoom } from '../realise/log-room.js';
import type { Wrapped } from './sandbox.js';

export interface BuilderRun {
  readonly wrapped: Wrapped;
  readonly directory: string;
  readonly limits: BuildLimits;
  readonly maxLogBytes: number;
  readonly cancellation: Cancellation;
}

export type StoppedFor = Outlasted | 'log-limit';

export interface BuilderEnd {
  readonly code: number | null;
  readonly signal: string | null;
  /** Set when we ended it. */
  readonly stoppedFor: StoppedFor | null;
  /** Whether the builder itself was reached, so that its exit code is the package's. */
  readonly began: boolean;
}

/** What a process that left its group may hold the log open after the builder's end. */
const drainMilliseconds = 2000;

export async function* runBuilder(run: BuilderRun): AsyncGenerator<Uint8Array, BuilderEnd> {
  const child = start(run);
  const stop = stopper(child);
  const ended = endOf(child);
  // Looked at only after the log has ended; until then a failure must not go unhandled.
  ended.catch(() => undefined);
  const began = beganOf(child);
  const watching = watchLimits(run, stop.for);
  const room = new LogRoom(run.maxLogBytes);
  try {
    for await (const bytes of untilClosed(child.stdout)) {
      watching.heard();
      const kept = room.take(bytes);
      if (kept) yield kept;
      if (room.over) stop.for('log-limit');
    }
    const end = await ended;
    return { ...end, stoppedFor: stop.reason(), began: await began };
  } finally {
    watching.end();
    killGroup(child);
  }
}

/**
 * The shell in between joins the two streams and becomes the sandbox; the one inside it writes to
 * descriptor 4 and becomes the builder, so that a sandbox that fails is told from a builder that
 * does.
 */
function start(run: BuilderRun): ChildProcess & { stdout: Readable } {
  const child = spawn('/bin/sh', ['-c', 'exec "$@" 2>&1', 'sh', ...run.wrapped.argv], {
    cwd: run.directory,
    env: { ...run.wrapped.environment },
    stdio: ['ignore', 'pipe', 'ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const instructions = child.stdio[3] as Writable;
  // A sandbox that fails early closes the pipe: its exit code tells more than this would.
  instructions.on('error', () => undefined);
  instructions.end(run.wrapped.instructions);
  return child as ChildProcess & { stdout: Readable };
}

/** What goes between the sandbox and the builder. */
export function announced(command: readonly string[]): string[] {
  return ['/bin/sh', '-c', 'echo >&4; exec 3<&- 4>&-; exec "$@"', 'sh', ...command];
}

function beganOf(child: ChildProcess): Promise<boolean> {
  const mark = child.stdio[4] as Readable;
  return new Promise((resolve) => {
    mark.once('data', () => resolve(true));
    mark.once('close', () => resolve(false));
    mark.once('error', () => resolve(false));
  });
}

function endOf(child: ChildProcess & { stdout: Readable }): Promise<{
  code: number | null;
  signal: string | null;
}> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => {
      child.stdout.destroy();
      reject(
        new FarmFault('program-failed', 'the builder could not be started', 'later', { cause }),
      );
    });
    child.once('exit', (code, signal) => {
      killGroup(child);
      if (!child.stdout.closed) {
        const timer = setTimeout(() => child.stdout.destroy(), drainMilliseconds);
        child.stdout.once('close', () => clearTimeout(timer));
      }
      resolve({ code, signal });
    });
  });
}

function stopper(child: ChildProcess): {
  for(reason: StoppedFor): void;
  reason(): StoppedFor | null;
} {
  let reason: StoppedFor | null = null;
  return {
    for: (why) => {
      reason ??= why;
      killGroup(child);
    },
    reason: () => reason,
  };
}

/** A log that had to be closed by us simply ends. */
async function* untilClosed(log: Readable): AsyncGenerator<Uint8Array> {
  try {
    for await (const bytes of log) yield bytes as Uint8Array;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw thrown;
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group has ended by itself.
  }
}
