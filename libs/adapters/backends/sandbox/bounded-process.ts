/**
 * A child process in bounds: its own process group, an empty environment but for what is given, a
 * deadline, a memory bound over its whole tree, and a cancellation. Whatever ends it, the whole
 * group is gone when `ended` resolves, and its output is whole.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Cancellation } from '#std/cancellation.js';
import { residentBytes } from './process-tree.js';

export interface BoundedCommand {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly directory?: string;
  readonly input?: string | Uint8Array;
  /** On the clock of `performance.now()`, in milliseconds. */
  readonly deadline: number;
  /** Resident bytes of the process and its descendants. */
  readonly memoryBytes?: number;
  readonly cancellation: Cancellation;
  /** Asked to end with SIGTERM, and killed this many milliseconds later; 0: killed at once. */
  readonly graceMilliseconds?: number;
}

/** Why we ended it; other words are the caller's own. */
export type EndedFor = 'time' | 'memory' | 'canceled' | (string & {});

export interface Ending {
  readonly code: number | null;
  readonly signal: string | null;
  readonly endedFor: EndedFor | null;
  /** Set when it could not be started at all. */
  readonly startError: string | null;
}

export interface BoundedProcess {
  readonly pid: number;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Ends the whole group; the first reason given stands. */
  end(reason: EndedFor): void;
  readonly ended: Promise<Ending>;
}

const memoryLookMilliseconds = 50;
/** The longest delay of a timer. */
const longestDelay = 2 ** 31 - 1;

export function startBounded(command: BoundedCommand): BoundedProcess {
  const [program = '', ...args] = command.argv;
  const child = spawn(program, args, {
    cwd: command.directory ?? '/',
    env: { ...command.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  // A child that ends early closes its input: its exit status tells more than the broken pipe.
  child.stdin.on('error', () => undefined);
  child.stdin.end(command.input ?? '');
  let endedFor: EndedFor | null = null;
  let over = false;
  const end = (reason: EndedFor): void => {
    if (endedFor !== null || over) return;
    endedFor = reason;
    endGroup(child, command.graceMilliseconds ?? 0);
  };
  const unwatch = watch(child, command, end);
  child.once('exit', () => {
    // Its number may soon be another's; whoever it left behind in its group goes with it.
    over = true;
    signalGroup(child, 'SIGKILL');
  });
  const ended = new Promise<Ending>((resolve) => {
    const settle = (
      code: number | null,
      signal: string | null,
      startError: string | null,
    ): void => {
      unwatch();
      resolve({ code, signal, endedFor, startError });
    };
    child.once('error', (error) => {
      if (child.pid === undefined) settle(null, null, error.message);
    });
    child.once('close', (code, signal) => settle(code, signal, null));
  });
  return { pid: child.pid ?? 0, stdout: child.stdout, stderr: child.stderr, end, ended };
}

/** Runs to the end and gathers the output: for short questions to a program. */
export async function runBounded(
  command: BoundedCommand,
): Promise<Ending & { readonly stdout: string; readonly stderr: string }> {
  const child = startBounded(command);
  const [stdout, stderr, ending] = await Promise.all([
    gather(child.stdout),
    gather(child.stderr),
    child.ended,
  ]);
  return { ...ending, stdout, stderr };
}

async function gather(stream: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function watch(
  child: ChildProcess,
  command: BoundedCommand,
  end: (reason: EndedFor) => void,
): () => void {
  const { cancellation, memoryBytes, deadline } = command;
  const onAbort = (): void => end('canceled');
  cancellation.addEventListener('abort', onAbort);
  if (cancellation.aborted) onAbort();
  const left = Math.min(Math.max(0, deadline - performance.now()), longestDelay);
  const timer = setTimeout(() => end('time'), left);
  const look =
    memoryBytes === undefined
      ? undefined
      : setInterval(() => {
          if (residentBytes(child.pid ?? 0) > memoryBytes) end('memory');
        }, memoryLookMilliseconds);
  return () => {
    clearTimeout(timer);
    clearInterval(look);
    cancellation.removeEventListener('abort', onAbort);
  };
}

function endGroup(child: ChildProcess, graceMilliseconds: number): void {
  if (graceMilliseconds === 0) return signalGroup(child, 'SIGKILL');
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), graceMilliseconds);
  child.once('exit', () => clearTimeout(timer));
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group has ended by itself.
  }
}
