/**
 * One attempt on disk: all that the worker agent and the attempt's supervisor say to one another,
 * so that either may die and the other goes on.
 *
 *     request.json     what to build                                   (agent)
 *     lease            until when the agent promises to look after it  (agent)
 *     stop.json        why it is to end                                (agent)
 *     supervisor.json  whose process builds it                         (supervisor)
 *     log, started     what the builder says, and that it began        (supervisor)
 *     result.json      how it ended; the last word                     (either)
 */
import * as fs from 'node:fs';
import { basename, join } from 'node:path';
import type { BuildLimits } from '#domain/build/limits.js';
import type { AttemptResult, BuildMessage } from '#protocol/worker.js';
import { readJson, writeAtomically } from './durable-file.js';
import { startTimeOf } from './processes.js';

export interface AttemptRequest {
  readonly build: BuildMessage;
  /** Capped by the worker's own. */
  readonly limits: BuildLimits;
  readonly cores: number;
  readonly systems: readonly string[];
  readonly features: readonly string[];
  readonly maxLogBytes: number;
  readonly substituter: string;
  readonly publicKeys: readonly string[];
  /** Where the worker's stores lie, one directory for each backend. */
  readonly stores: string;
  readonly leaseSeconds: number;
}

export interface Stop {
  readonly kind: 'canceled' | 'handed-back';
  readonly message: string;
}

export interface SupervisorIdentity {
  readonly pid: number;
  /** In clock ticks since boot: tells a process from a later one of the same number. */
  readonly startTime: string;
}

/** Nanoseconds of some centuries; always as many, so that one takes the place of another. */
const deadlineDigits = 20;

export class AttemptDirectory {
  constructor(readonly path: string) {}

  get attempt(): string {
    return basename(this.path);
  }

  get workDirectory(): string {
    return join(this.path, 'work');
  }

  create(request: AttemptRequest): void {
    fs.mkdirSync(this.path, { recursive: true, mode: 0o700 });
    fs.closeSync(fs.openSync(this.#at('log'), 'a', 0o600));
    this.renewLease(request.leaseSeconds);
    writeAtomically(this.#at('request.json'), JSON.stringify(request));
  }

  request(): AttemptRequest | null {
    return readJson(this.#at('request.json')) as AttemptRequest | null;
  }

  /**
   * The machine's monotonic clock, in seconds from now; for processes of this boot only. A full
   * disk must not end a build that may yet make room: the lease that is there is overwritten then.
   */
  renewLease(seconds: number): void {
    const deadline = process.hrtime.bigint() + BigInt(Math.round(seconds * 1e9));
    const text = String(deadline).padStart(deadlineDigits, '0');
    const [lease, aside] = [this.#at('lease'), this.#at('lease.new')];
    try {
      fs.writeFileSync(aside, text, { mode: 0o600 });
      fs.renameSync(aside, lease);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
      overwrite(lease, text);
    }
  }

  leaseLapsed(): boolean {
    try {
      return process.hrtime.bigint() > BigInt(fs.readFileSync(this.#at('lease'), 'utf8'));
    } catch {
      return true;
    }
  }

  /**
   * True for exactly one process, ever. The file gets its name when it is whole: an agent that saw
   * half of it would take the attempt for dead.
   */
  takeSupervision(): boolean {
    const own: SupervisorIdentity = { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
    const aside = this.#at(`supervisor.${process.pid}.new`);
    fs.writeFileSync(aside, JSON.stringify(own), { mode: 0o600 });
    try {
      fs.linkSync(aside, this.#at('supervisor.json'));
      return true;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw thrown;
    } finally {
      fs.rmSync(aside);
    }
  }

  supervisor(): SupervisorIdentity | null {
    return readJson(this.#at('supervisor.json')) as SupervisorIdentity | null;
  }

  hasSupervisorFile(): boolean {
    return fs.existsSync(this.#at('supervisor.json'));
  }

  markStarted(): void {
    fs.closeSync(fs.openSync(this.#at('started'), 'a', 0o600));
  }

  hasStarted(): boolean {
    return fs.existsSync(this.#at('started'));
  }

  askToStop(stop: Stop): void {
    writeAtomically(this.#at('stop.json'), JSON.stringify(stop));
  }

  stop(): Stop | null {
    return readJson(this.#at('stop.json')) as Stop | null;
  }

  appendLog(bytes: Uint8Array): void {
    fs.appendFileSync(this.#at('log'), bytes);
  }

  logSize(): number {
    return fs.statSync(this.#at('log'), { throwIfNoEntry: false })?.size ?? 0;
  }

  readLog(offset: number, length: number): Uint8Array {
    const fd = fs.openSync(this.#at('log'), 'r');
    try {
      const bytes = Buffer.allocUnsafe(length);
      return bytes.subarray(0, fs.readSync(fd, bytes, 0, length, offset));
    } finally {
      fs.closeSync(fd);
    }
  }

  /** The first result stands; what comes after it is too late. */
  writeResult(result: AttemptResult): void {
    if (this.hasResult()) return;
    const write = (): void => writeAtomically(this.#at('result.json'), JSON.stringify(result));
    try {
      write();
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOSPC') throw thrown;
      // The last word needs room, and what the build left has lost its use.
      fs.rmSync(this.workDirectory, { recursive: true, force: true });
      write();
    }
  }

  hasResult(): boolean {
    return fs.existsSync(this.#at('result.json'));
  }

  result(): AttemptResult | null {
    return readJson(this.#at('result.json')) as AttemptResult | null;
  }

  #at(name: string): string {
    return join(this.path, name);
  }
}

/** Takes no room: the new bytes are as many as the old ones. */
function overwrite(path: string, text: string): void {
  const fd = fs.openSync(path, 'r+');
  try {
    fs.writeSync(fd, text, 0);
  } finally {
    fs.closeSync(fd);
  }
}
