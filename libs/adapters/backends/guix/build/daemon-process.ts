/** How the guix-daemon of this machine was started, as far as `/proc` tells. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

export interface DaemonProcess {
  readonly pid: number;
  readonly args: readonly string[];
}

interface Seen extends DaemonProcess {
  readonly parent: number;
}

const names: ReadonlySet<string> = new Set(['guix-daemon', '.guix-daemon-real']);

/**
 * Those that run here. A daemon forks for each connection, and writes over the first argument of
 * the fork: those are passed over.
 */
export function daemonProcesses(proc = '/proc'): DaemonProcess[] {
  const seen = readdirSync(proc)
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => look(proc, Number(entry)) ?? []);
  const pids = new Set(seen.map(({ pid }) => pid));
  return seen.filter(({ parent }) => !pids.has(parent)).map(({ pid, args }) => ({ pid, args }));
}

/** True only where a daemon is seen, and none of those seen builds outside a sandbox. */
export function daemonClosesIn(processes: readonly DaemonProcess[]): boolean {
  return processes.length > 0 && processes.every(({ args }) => !args.includes('--disable-chroot'));
}

function look(proc: string, pid: number): Seen | null {
  const args = read(`${proc}/${pid}/cmdline`).split('\0').filter(Boolean);
  // A wrapper's program may stand before it: `guile …/guix-daemon`.
  const at = args.slice(0, 2).findIndex((arg) => names.has(basename(arg)));
  if (at === -1) return null;
  const stat = read(`${proc}/${pid}/stat`);
  const [, parent] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, parent: Number(parent), args: args.slice(at + 1) };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended, or is not ours to look at.
    return '';
  }
}
