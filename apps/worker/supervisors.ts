/** Starts, finds again and stops the supervisors of attempts. */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { removeTree } from '#adapters/backends/local/trees.js';
import { AttemptDirectory, type Stop } from './attempt/attempt-directory.js';
import { attemptMark, isAlive, killAttempt } from './attempt/processes.js';
import { failure } from './attempt/run-attempt.js';
import { heldAttempt, type HeldAttempt } from './attempt-ledger.js';
import { say } from './say.js';

/** What a supervisor has to stop its build before it is killed; the farm waits 5 s in all. */
const stopMilliseconds = 3500;
const lookMilliseconds = 25;
const program = join(import.meta.dirname, 'attempt', 'main.js');

/** In a session of its own, and with its own output: nothing ties it to the agent. */
export function startSupervisor(directory: AttemptDirectory): void {
  const errors = fs.openSync(join(directory.path, 'supervisor.log'), 'a', 0o600);
  try {
    const child = spawn(process.execPath, [program, directory.path], {
      detached: true,
      cwd: directory.path,
      stdio: ['ignore', errors, errors],
      env: { ...process.env, [attemptMark]: directory.path },
    });
    child.on('error', (error) => {
      directory.writeResult(failure('infrastructure', `no supervisor: ${error.message}`));
    });
    child.unref();
  } finally {
    fs.closeSync(errors);
  }
}

/**
 * The attempts that an earlier agent left, their leases renewed. One whose supervisor died with
 * that agent is forgotten: the farm misses it in our `hello` and ends it as `worker-lost`. One
 * whose supervisor was never begun is begun.
 */
export function adoptAttempts(attempts: string): HeldAttempt[] {
  fs.mkdirSync(attempts, { recursive: true, mode: 0o700 });
  const adopted: HeldAttempt[] = [];
  for (const name of fs.readdirSync(attempts)) {
    const directory = new AttemptDirectory(join(attempts, name));
    const request = directory.request();
    if (!request) {
      fs.rmSync(directory.path, { recursive: true, force: true });
      continue;
    }
    const held = heldAttempt(directory, request);
    if (endedSilently(held)) {
      say(`attempt ${held.attempt} of build ${held.build} died with the former agent`);
      killAttempt(directory.path, directory.supervisor());
      fs.rmSync(directory.path, { recursive: true, force: true });
      continue;
    }
    if (directory.hasResult()) held.finishedAt = performance.now();
    else {
      directory.renewLease(request.leaseSeconds);
      if (!directory.hasSupervisorFile()) startSupervisor(directory);
    }
    say(`goes on with attempt ${held.attempt} of build ${held.build}`);
    adopted.push(held);
  }
  return adopted;
}

/** Whether it ended without a word: its supervisor was begun, is gone, and left no result. */
export function endedSilently({ directory }: HeldAttempt): boolean {
  if (!directory.hasSupervisorFile() || isAlive(directory.supervisor())) return false;
  return !directory.hasResult();
}

/** Ends an attempt and leaves its result; within 4 s, and with all its processes. */
export async function stopAttempt(held: HeldAttempt, stop: Stop): Promise<void> {
  const { directory } = held;
  if (directory.hasResult()) return;
  directory.askToStop(stop);
  const supervisor = directory.supervisor();
  const end = performance.now() + stopMilliseconds;
  if (isAlive(supervisor)) {
    signal(supervisor.pid);
    while (performance.now() < end && isAlive(supervisor)) await pause(lookMilliseconds);
  }
  killAttempt(directory.path, supervisor);
  // The supervisor told its end meanwhile; once that is seen, the farm may have taken it and the
  // directory may be gone.
  if (held.finishedAt !== null || directory.hasResult()) return;
  const { kind, message } = stop;
  directory.writeResult(kind === 'canceled' ? { kind, message } : failure('handed-back', message));
}

/** Ends an attempt that is nobody's any more, and forgets it. */
export async function discardAttempt({ directory }: HeldAttempt): Promise<void> {
  killAttempt(directory.path, directory.supervisor());
  await removeTree(directory.path);
}

function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM');
  } catch {
    // It has ended by itself.
  }
}
