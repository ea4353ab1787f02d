/**
 * The resident memory of processes, looked at all the time beside how far the work has come: its
 * peaks, and whether it still grows when all that is left is more of the same.
 */
import { readdirSync, readFileSync } from 'node:fs';

interface Sample {
  /** From 0 to 1. */
  readonly progress: number;
  readonly megabytes: ReadonlyMap<string, number>;
}

export interface Growth {
  readonly name: string;
  /** Medians of two windows of the work, in megabytes. */
  readonly early: number;
  readonly late: number;
}

const lookMilliseconds = 250;
/** After the warm-up; and at the end. */
const windows = { early: [0.35, 0.55], late: [0.8, 1] } as const;

export class MemoryWatch {
  private readonly samples: Sample[] = [];
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly pids: ReadonlyMap<string, number>,
    private readonly progress: () => number,
  ) {
    this.timer = setInterval(() => this.look(), lookMilliseconds);
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** The kernel's own high-water mark, in megabytes. */
  peaks(): Map<string, number> {
    return new Map([...this.pids].map(([name, pid]) => [name, megabytesOf(pid, 'VmHWM')]));
  }

  /** Seconds of a core that each has used, with all that it started. */
  cores(): Map<string, number> {
    return new Map([...this.pids].map(([name, pid]) => [name, coreSecondsOf(pid)]));
  }

  growth(): Growth[] {
    return [...this.pids.keys()].map((name) => ({
      name,
      early: this.median(name, windows.early),
      late: this.median(name, windows.late),
    }));
  }

  private median(name: string, [from, to]: readonly [number, number]): number {
    const within = this.samples.filter(({ progress }) => progress >= from && progress <= to);
    const sizes = within.map(({ megabytes }) => megabytes.get(name) ?? 0).sort((a, b) => a - b);
    return sizes[sizes.length >> 1] ?? 0;
  }

  private look(): void {
    const megabytes = new Map(
      [...this.pids].map(([name, pid]) => [name, megabytesOf(pid, 'VmRSS')]),
    );
    this.samples.push({ progress: this.progress(), megabytes });
  }
}

/** 0 when the process is gone. */
function megabytesOf(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Math.round(
      Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024,
    );
  } catch {
    return 0;
  }
}

const ticksPerSecond = 100;

function coreSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    // User and system time, its own and of those it has waited for.
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const below = childrenOf(pid).reduce((sum, child) => sum + coreSecondsOf(child), 0);
    return ticks / ticksPerSecond + below;
  } catch {
    return 0;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1')
      .split(' ')
      .filter(Boolean)
      .map(Number),
  );
}
