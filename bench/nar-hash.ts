/**
 * Hashing a path as a nar, from a file in the page cache through the codec, against one SHA-256
 * over one buffer of the same size: what reading, framing and streaming cost above the hash itself.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dumpPath } from '#adapters/system/nar-disk.js';
import { createSha256 } from '#formats/hash.js';
import { secondsOf, type Contest } from './contest.js';

const megabytes = 400;

export async function narHash(): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const path = join(directory, 'blob');
  const buffer = Buffer.alloc(megabytes << 20, randomBytes(1 << 20));
  const file = await open(path, 'w');
  await file.writeFile(buffer);
  await file.close();
  const rate = (seconds: number): number => megabytes / seconds;
  return {
    name: 'nar hashing',
    unit: 'MB/s',
    better: 'high',
    floor: {
      name: 'node:crypto over one buffer',
      round: async () =>
        rate(await secondsOf(async () => createHash('sha256').update(buffer).digest())),
    },
    contender: {
      name: 'dumpPath of a file into SHA-256',
      round: async () => rate(await secondsOf(() => hashNar(path))),
    },
    target: { ratio: 0.5 },
    close: () => rm(directory, { recursive: true }),
  };
}

async function hashNar(path: string): Promise<Uint8Array> {
  const sink = createSha256();
  for await (const chunk of dumpPath(path)) sink.update(chunk);
  return sink.digest();
}
