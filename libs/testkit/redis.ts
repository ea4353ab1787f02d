/** A real Redis for tests: on a free port of 127.0.0.1, keeping nothing, refusing to evict. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import { freePort } from '#adapters/postgres/embedded.js';
import { answered } from './eventually.js';

export interface TestRedis {
  readonly url: string;
  readonly pid: number;
  stop(): Promise<void>;
}

/** `wanted` is the port of a server that was stopped and comes back, empty. */
export async function startTestRedis(
  wanted?: number,
  more: readonly string[] = [],
): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-redis-'));
  const port = wanted ?? (await freePort());
  const settings = [
    ...['--save', '', '--appendonly', 'no', '--maxmemory-policy', 'noeviction'],
    ...['--repl-diskless-sync-delay', '0'],
  ];
  const child = spawn(
    'setpriv',
    [
      ...['--pdeathsig', 'KILL', 'redis-server', '--bind', '127.0.0.1', '--port', String(port)],
      ...['--dir', directory, ...settings, ...more],
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

/** Another server with all that this one holds now; it follows until it is promoted. */
export async function startTestReplica(
  of: TestRedis,
): Promise<TestRedis & { promote(): Promise<void> }> {
  const { port } = new URL(of.url);
  const replica = await startTestRedis(undefined, ['--replicaof', '127.0.0.1', port]);
  const client = new Redis(replica.url);
  await answered('the replica to have followed', async () => {
    return /master_link_status:up/.test(await client.info('replication')) ? true : null;
  });
  return {
    ...replica,
    async promote() {
      await client.replicaof('NO', 'ONE');
    },
    async stop() {
      client.disconnect();
      await replica.stop();
    },
  };
}
