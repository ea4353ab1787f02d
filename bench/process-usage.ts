/**
 * What a process has used, as Linux tells it. A server that works through children is read with all
 * of them; those that have ended are counted where their parent has waited for them.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Usage {
  readonly cpuSeconds: number;
  /** Resident now, shared pages counted once. */
  readonly bytes: number;
  /** The most that one of the processes ever had resident. */
  readonly peakBytes: number;
}

/** Clock ticks per second, the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

export function usageOf(pid: number): Usage {
  const pids = [pid, ...childrenOf(pid)];
  const all = pids.flatMap((one) => readProcess(one) ?? []);
  return {
    cpuSeconds: all.reduce((sum, one) => sum + one.cpuSeconds, 0),
    bytes: all.reduce((sum, one) => sum + one.bytes, 0),
    peakBytes: Math.max(...all.map((one) => one.peakBytes)),
  };
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^[0-9]+$/.test(name))
    .map(Number)
    .filter((one) => statOf(one)?.parent === pid);
}

/** Null when it has ended meanwhile. */
function readProcess(pid: number): Usage | null {
  const stat = statOf(pid);
  if (!stat) return null;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
    const peakBytes = kibibytes(status, 'VmHWM') * 1024;
    return { cpuSeconds: stat.cpuSeconds, bytes: kibibytes(memory, 'Pss') * 1024, peakBytes };
  } catch {
    return null;
  }
}

function statOf(pid: number): { parent: number; cpuSeconds: number } | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name, in parentheses, may hold anything: the fields are counted after it.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    return { parent: Number(fields[1]), cpuSeconds: ticks / ticksPerSecond };
  } catch {
    return null;
  }
}

function kibibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+([0-9]+) kB`, 'm').exec(text)?.[1] ?? 0);
}
