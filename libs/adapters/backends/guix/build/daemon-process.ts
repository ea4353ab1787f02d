/** How the guix-daemon of this machine was started, as far as `/proc` tells. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

export interface DaemonProcess {
  readonly pid: number;
  readonly args: readonly string[];
}

/** Those that run here, each once: a daemon forks for each connection. */
export function daemonProcesses(proc = '/proc'): DaemonProcess[] {
  const found = new Map<string, DaemonProcess>();
  for (const name of readdirSync(proc).filter((entry) => /^\d+$/.test(entry))) {
    const args = argsOf(`${proc}/${name}/cmdline`);
    const program = basename(args[0] ?? '');
    if (program !== 'guix-daemon' && program !== '.guix-daemon-real') continue;
    // A fork bears its client's number in place of its first argument.
    const options = args.slice(1).filter((arg) => arg.startsWith('-'));
    const key = options.slice(-3).join(' ');
    if (!found.has(key)) found.set(key, { pid: Number(name), args: options });
  }
  return [...found.values()];
}

/** True only where a daemon is seen, and none of those seen builds outside a sandbox. */
export function daemonClosesIn(processes: readonly DaemonProcess[]): boolean {
  return processes.length > 0 && processes.every(({ args }) => !args.includes('--disable-chroot'));
}

function argsOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\0').filter(Boolean);
  } catch {
    // It has ended, or is not ours to look at.
    return [];
  }
}
