/**
 * One program under the supervisor: started, waited for until it says that it is ready, started
 * again (with a growing pause, said loudly) when it ends unasked, and stopped with growing
 * insistence.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { FarmFault } from '#std/farm-fault.js';

export interface ChildOptions {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The line that says it is ready. */
  readonly ready: RegExp;
  readonly restart: boolean;
  /** The first pause before it is started again, when it is not the usual one. */
  readonly restartPauseMillis?: number;
  /** Signals, and how long to wait after each; SIGKILL follows. */
  readonly farewell: readonly { readonly signal: NodeJS.Signals; readonly waitMillis: number }[];
  readonly hear: (name: string, line: string) => void;
  /** Loud words about the child's own fate. */
  readonly tell: (line: string) => void;
}

const firstPauseMillis = 250;
const longestPauseMillis = 10_000;
/** Having run this long, it is healthy again and the pause starts small. */
const healthyMillis = 30_000;
const readyPatienceMillis = 60_000;
const lastLinesKept = 12;

export class Child {
  private process: ChildProcess | null = null;
  private stopping = false;
  private pauseMillis: number;
  private readonly lastLines: string[] = [];
  private readonly interrupt = new AbortController();

  constructor(private readonly options: ChildOptions) {
    this.pauseMillis = this.firstPause;
  }

  get name(): string {
    return this.options.name;
  }

  get pid(): number | undefined {
    return this.process?.pid;
  }

  private get firstPause(): number {
    return this.options.restartPauseMillis ?? firstPauseMillis;
  }

  /** Resolves with the ready line. Throws `program-failed` with the child's last words. */
  async start(): Promise<string> {
    const { name, command, environment, ready } = this.options;
    const [program, ...parameters] = leashed(command);
    const child = spawn(program!, parameters, {
      env: environment,
      // A session of its own: a terminal's Ctrl-C reaches the supervisor, which stops in order.
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process = child;
    const startedAt = performance.now();
    const line = await this.untilReady(child, ready);
    child.once('exit', (code, signal) => void this.ended(startedAt, signal ?? code));
    if (hasEnded(child)) throw this.failure(`${name} ended as soon as it was ready`);
    return line;
  }

  /** Returns when the process is gone. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.interrupt.abort();
    const child = this.process;
    if (!child || hasEnded(child)) return;
    const exited = once(child, 'exit');
    for (const { signal, waitMillis } of this.options.farewell) {
      child.kill(signal);
      if (await withinMillis(exited, waitMillis)) return;
    }
    this.options.tell(`${this.name} did not stop when asked to and was killed`);
    child.kill('SIGKILL');
    await exited;
  }

  private untilReady(child: ChildProcess, ready: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const { name } = this.options;
      const late = setTimeout(() => {
        reject(this.failure(`${name} was not ready after ${readyPatienceMillis / 1000} s`));
      }, readyPatienceMillis);
      const hear = (line: string): void => {
        this.remember(line);
        if (ready.test(line)) {
          clearTimeout(late);
          resolve(line);
        }
      };
      for (const stream of [child.stdout, child.stderr]) {
        if (stream) createInterface({ input: stream }).on('line', hear);
      }
      child.once('error', (error) => reject(this.failure(`${name}: ${error.message}`)));
      child.once('exit', (code, signal) => {
        clearTimeout(late);
        reject(this.failure(`${name} ended with ${signal ?? code}`));
      });
    });
  }

  private remember(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > lastLinesKept) this.lastLines.shift();
    this.options.hear(this.name, line);
  }

  private failure(message: string): FarmFault {
    const words = this.lastLines.map((line) => `  ${line}`).join('\n');
    return new FarmFault('program-failed', words ? `${message}:\n${words}` : message, 'never');
  }

  private async ended(startedAt: number, how: string | number | null): Promise<void> {
    if (this.stopping) return;
    if (!this.options.restart) {
      this.options.tell(`${this.name} ended with ${how}; it is left so (--no-restart)`);
      return;
    }
    if (performance.now() - startedAt > healthyMillis) this.pauseMillis = this.firstPause;
    const soon = this.pauseMillis < 1000 ? '' : ` in ${Math.round(this.pauseMillis / 1000)} s`;
    this.options.tell(`${this.name} ended with ${how}; starting it again${soon}`);
    while (!this.stopping) {
      await pause(this.pauseMillis, undefined, { signal: this.interrupt.signal }).catch(() => {});
      this.pauseMillis = Math.min(
        this.pauseMillis * 2,
        Math.max(this.firstPause, longestPauseMillis),
      );
      if (this.stopping || (await this.startedAgain())) return;
    }
  }

  private async startedAgain(): Promise<boolean> {
    try {
      await this.start();
      this.options.tell(`${this.name} is up again`);
      return true;
    } catch (error) {
      if (!this.stopping) this.options.tell(String((error as Error).message));
      return false;
    }
  }
}

/** A supervisor that is killed takes its children with it, where the system can promise that. */
function leashed(command: readonly string[]): readonly string[] {
  return process.platform === 'linux' ? ['setpriv', '--pdeathsig', 'TERM', ...command] : command;
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null;
}

async function withinMillis(event: Promise<unknown>, millis: number): Promise<boolean> {
  const patience = new AbortController();
  const late = pause(millis, false, { signal: patience.signal }).catch(() => false);
  const first = await Promise.race([event.then(() => true), late]);
  patience.abort();
  return first;
}
