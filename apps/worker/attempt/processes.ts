/**
 * The processes of an attempt, from Linux' `/proc`: its supervisor, what descends from it, what is
 * of its session, and what bears its mark in the environment though its parents have gone.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { SupervisorIdentity } from './attempt-directory.js';

/** The variable that marks the processes of an attempt; its value is the attempt's directory. */
export const attemptMark = 'GAMBESON_ATTEMPT';

interface Seen {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  readonly startTime: string;
}

/** Clock ticks since boot at which a process began; null when it is gone. */
export function startTimeOf(pid: number): string | null {
  return look(pid)?.startTime ?? null;
}

export function isAlive(identity: SupervisorIdentity | null): identity is SupervisorIdentity {
  return identity !== null && startTimeOf(identity.pid) === identity.startTime;
}

/** Kills all processes of an attempt, again until none is found; our own process is spared. */
export function killAttempt(directory: string, supervisor: SupervisorIdentity | null): void {
  for (let round = 0; round < 10; round++) {
    const found = processesOf(directory, isAlive(supervisor) ? supervisor.pid : null);
    if (found.length === 0) return;
    for (const pid of found) kill(pid);
  }
}

export function processesOf(directory: string, supervisor: number | null): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .flatMap((name) => look(Number(name)) ?? []);
  const mine = new Set<number>();
  for (const { pid, session } of all) {
    if (pid === supervisor || session === supervisor || isMarked(pid, directory)) mine.add(pid);
  }
  for (let before = -1; before !== mine.size;) {
    before = mine.size;
    for (const { pid, parent } of all) if (mine.has(parent)) mine.add(pid);
  }
  mine.delete(process.pid);
  return [...mine];
}

function isMarked(pid: number, directory: string): boolean {
  const environment = `\0${read(`/proc/${pid}/environ`)}`;
  return environment.includes(`\0${attemptMark}=${directory}\0`);
}

/** Null when the process is gone, or only waits for its parent to notice. */
function look(pid: number): Seen | null {
  const text = read(`/proc/${pid}/stat`);
  // The command in parentheses may hold anything, so the fields begin after the last one.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  if (fields.length < 20 || fields[0] === 'Z' || fields[0] === 'X') return null;
  return {
    pid,
    parent: Number(fields[1]),
    session: Number(fields[3]),
    startTime: fields[19]!,
  };
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
