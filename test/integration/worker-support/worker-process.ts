/** The built worker agent as a process of a test. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const program = join(
  fileURLToPath(new URL('.', import.meta.url)),
  '../../../dist/apps/worker/main.js',
);

export class WorkerProcess {
  output = '';
  readonly #child: ChildProcess;
  readonly ended: Promise<number | null>;

  /** `wrapper` is what it is run by. */
  constructor(
    options: readonly string[],
    { wrapper = [], env = {} }: { wrapper?: readonly string[]; env?: Record<string, string> } = {},
  ) {
    const [first = '', ...rest] = [...wrapper, process.execPath, program, ...options];
    this.#child = spawn(first, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], ...env },
    });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', (bytes: Buffer) => (this.output += bytes.toString()));
    }
    this.ended = once(this.#child, 'close').then(([code]) => code as number | null);
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.signal('SIGKILL');
    await this.ended;
  }
}
