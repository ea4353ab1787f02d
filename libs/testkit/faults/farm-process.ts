/** One process of a farm under faults: started until it is ready, signalled, killed, stopped. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface ProcessPlan {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The line that says that it is ready. */
  readonly ready: RegExp;
}

const startMillis = 60_000;
const linesKept = 60;

export class FarmProcess {
  readonly said: string[] = [];

  private constructor(
    readonly plan: ProcessPlan,
    private readonly child: ChildProcess,
  ) {}

  /** It dies with whoever started it. */
  static start(plan: ProcessPlan): FarmProcess {
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...plan.command], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...plan.environment },
    });
    return new FarmProcess(plan, child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The port that it told in its ready line; 0 when it listens nowhere. */
  port = 0;

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  signal(name: NodeJS.Signals): void {
    if (this.running) this.child.kill(name);
  }

  /** Resolves with its exit status when it has ended; null after a signal. */
  async ended(): Promise<number | null> {
    if (this.running) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.ended();
  }

  async stop(): Promise<number | null> {
    this.signal('SIGCONT');
    this.signal('SIGTERM');
    return this.ended();
  }

  /** To be asked once, at once. Rejects with its last words when it ends first. */
  ready(): Promise<void> {
    const { name, ready } = this.plan;
    return new Promise((resolve, reject) => {
      const fail = (why: string): void =>
        reject(new Error(`${name} ${why}:\n${this.said.join('\n')}`));
      const late = setTimeout(() => fail('was not ready in time'), startMillis);
      this.child.once('error', reject);
      this.child.once('exit', (code) => {
        clearTimeout(late);
        fail(`ended with ${code}`);
      });
      for (const stream of [this.child.stdout!, this.child.stderr!]) {
        createInterface({ input: stream }).on('line', (line) => {
          this.said.push(line);
          if (this.said.length > linesKept) this.said.shift();
          if (!ready.test(line)) return;
          clearTimeout(late);
          this.port = Number(/http:\/\/127\.0\.0\.1:(\d+)/.exec(line)?.[1] ?? 0);
          resolve();
        });
      }
    });
  }
}
