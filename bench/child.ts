/** A server under measurement runs in a process of its own, ended by its pid. */
import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export interface Server {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** What goes before a command so that it runs on one core alone. */
export function pinned(core: number | undefined): string[] {
  return core === undefined ? [] : ['taskset', '--cpu-list', String(core)];
}

/** The built program at `path` below dist/, e.g. `apps/substituter/main.js`. */
export function program(path: string): string {
  return fileURLToPath(new URL(`../${path}`, import.meta.url));
}

/**
 * Starts a program and waits for its line `… listening on http://ADDRESS:PORT`. With a number, it
 * runs on that core alone.
 */
export async function startServer(
  path: string,
  environment: Readonly<Record<string, string>>,
  core?: number,
): Promise<Server> {
  const [command, ...rest] = [...pinned(core), process.execPath, program(path)];
  const child = spawn(command!, rest, {
    env: { PATH: process.env['PATH'] ?? '', ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const port = await listeningPort(child, path);
  return {
    port,
    pid: child.pid!,
    stop: async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function listeningPort(child: ChildProcess, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
      const found = /listening on http:\/\/[^\s]*:([0-9]+)/.exec(printed);
      if (found) resolve(Number(found[1]));
    });
    child.once('exit', (code) => reject(new Error(`${path} ended with ${code}:\n${printed}`)));
  });
}
