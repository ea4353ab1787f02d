/** A real Redis for tests: on a free port of 127.0.0.1, keeping nothing, refusing to evict. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '#adapters/postgres/embedded.js';

export interface TestRedis {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** `wanted` is the port of a server that was stopped and comes back, empty. */
export async function startTestRedis(wanted?: number): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-redis-'));
  const port = wanted ?? (await freePort());
  const settings = ['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'];
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'redis-server', '--bind', '127.0.0.1', '--port', String(port)],
      ...['--dir', directory, ...settings],
    ],
    { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}`)));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('Ready to accept connections')) resolve();
    });
  });
  return {
    url: `redis://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    async stop() {
      const ended = once(child, 'exit');
      if (child.exitCode === null && child.signalCode === null && child.kill('SIGTERM'))
        await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}
