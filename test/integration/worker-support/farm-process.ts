/** One of the farm's built programs as a process of a test: started, killed and started again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const programs = fileURLToPath(new URL('../../../dist/apps', import.meta.url));

export type FarmApp = 'api' | 'coordinator' | 'evaluator' | 'substituter';

export class FarmProcess {
  #child: ChildProcess | null = null;
  readonly said: string[] = [];

  constructor(
    readonly app: FarmApp,
    readonly port: number,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Resolves when it listens. */
  async start(): Promise<this> {
    const child = spawn(process.execPath, [join(programs, this.app, 'main.js')], {
      env: {
        PATH: process.env['PATH'],
        ...this.environment,
        GAMBESON_PORT: String(this.port),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    createInterface({ input: child.stderr }).on('line', (line) => this.said.push(line));
    await new Promise<void>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`${this.app} ended with ${code}`)));
      createInterface({ input: child.stdout }).on('line', (line) => {
        this.said.push(line);
        if (line.startsWith(`${this.app} listening on `)) resolve();
      });
    });
    return this;
  }

  signal(name: NodeJS.Signals): void {
    this.#child?.kill(name);
  }

  /** Resolves when it has ended. */
  async end(name: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(name);
    await ended;
  }
}
