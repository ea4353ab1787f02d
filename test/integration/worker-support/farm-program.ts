/** One of the farm's built programs at a port of its own: started, killed and started again. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FarmProcess } from '#testkit/faults/farm-process.js';

const programs = fileURLToPath(new URL('../../../dist/apps', import.meta.url));

export type FarmApp = 'api' | 'coordinator' | 'evaluator' | 'substituter';

export class FarmProgram {
  #process: FarmProcess | null = null;

  constructor(
    readonly app: FarmApp,
    readonly port: number,
    private readonly environment: Readonly<Record<string, string>>,
  ) {}

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Its last words, since it was last started. */
  get said(): readonly string[] {
    return this.#process?.said ?? [];
  }

  /** Resolves when it listens. */
  async start(): Promise<this> {
    const { app, port, environment } = this;
    this.#process = FarmProcess.start({
      name: app,
      command: [process.execPath, join(programs, app, 'main.js')],
      environment: { PATH: process.env['PATH'], ...environment, GAMBESON_PORT: String(port) },
      ready: new RegExp(`^${app} listening on `),
    });
    await this.#process.ready();
    return this;
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.signal(name);
  }

  /** Resolves when it has ended. */
  async end(name: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.signal(name);
    await this.#process?.ended();
  }
}
