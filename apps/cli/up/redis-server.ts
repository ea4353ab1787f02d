/** A Redis of our own: on 127.0.0.1, with a password, appending to disk, never evicting. */
import { access, constants, mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ensureSecret } from '#adapters/system/secret.js';

export interface RedisPlan {
  readonly url: string;
  readonly command: readonly string[];
}

/** Null when the system has neither Redis nor Valkey. */
export async function planRedis(data: string, port: number): Promise<RedisPlan | null> {
  const program = (await findProgram('redis-server')) ?? (await findProgram('valkey-server'));
  if (program === null) return null;
  const directory = join(data, 'redis');
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const password = await ensureSecret(join(data, 'secrets', 'redis-password'));
  const settings = [
    `bind 127.0.0.1`,
    `port ${port}`,
    `dir ${JSON.stringify(directory)}`,
    'appendonly yes',
    'save ""',
    'maxmemory-policy noeviction',
    `requirepass ${password}`,
  ];
  const file = join(directory, 'redis.conf');
  await writeFile(file, `${settings.join('\n')}\n`, { mode: 0o600 });
  return { url: `redis://:${password}@127.0.0.1:${port}`, command: [program, file] };
}

export const redisReady = /Ready to accept connections/;

/** The full path of a program on the PATH, or null. */
export async function findProgram(name: string): Promise<string | null> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter).filter(Boolean)) {
    const path = join(directory, name);
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return path;
  }
  return null;
}
