/**
 * A closure of 1 GB in 500 nars, uploaded by four workers at once to a real substituter, against
 * what no substituter can do without: to unfold the same bytes and to hash them. Both have the
 * whole machine; the senders hold their bodies compressed, as bytes in memory.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { zstdCompressSync, zstdDecompress } from 'node:zlib';
import { encodeNar } from '#formats/nar.js';
import { startServer, type Server } from './child.js';
import { secondsOf, type Contest } from './contest.js';
import { startFarmDatabase } from './farm-database.js';

const unfold = promisify(zstdDecompress);
const [nars, megabytes, workers] = [500, 1024, 4];
const agent = new Agent({ keepAlive: true, maxSockets: workers });

interface Body {
  readonly path: string;
  readonly compressed: Uint8Array<ArrayBuffer>;
}

export async function upload(): Promise<Contest> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await startFarmDatabase();
  const substituter = await startServer('apps/substituter/main.js', {
    ...{ DATABASE_URL: farm.url, GAMBESON_DATA: directory, GAMBESON_PORT: '0' },
    GAMBESON_SCRUB_MB_PER_SECOND: '0',
  });
  const token = (await readFile(join(directory, 'secrets', 'service-token'), 'utf8')).trim();
  const bodies = Array.from({ length: nars }, (_, at) => bodyOf(at));
  const rate = (seconds: number): number => megabytes / seconds;
  return {
    name: 'upload of 1 GB in 500 nars by 4 workers',
    unit: 'MB/s',
    better: 'high',
    floor: {
      name: 'SHA-256 and zstd alone, four at once',
      round: async () => rate(await secondsOf(() => shared(bodies, measure))),
    },
    contender: {
      name: 'PUT to the substituter, four at once',
      round: async () => {
        await farm.database.execute('truncate uploads');
        await rm(join(directory, 'nars', 'files'), { recursive: true, force: true });
        const send = (body: Body): Promise<void> => put(substituter, token, body);
        return rate(await secondsOf(() => shared(bodies, send)));
      },
    },
    target: { ratio: 0.7 },
    close: async () => {
      await substituter.stop();
      await farm.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** Of what packages are made of, about a third is left by zstd. */
function bodyOf(at: number): Body {
  const size = (megabytes * 1024 * 1024) / nars;
  const contents = Buffer.alloc(size, 'what repeats in a package ');
  for (let from = 0; from < size; from += 12_000) randomBytes(4000).copy(contents, from);
  const nar = encodeNar({ type: 'regular', executable: false, contents });
  const path = `${String(at).padStart(32, '0')}-package`;
  return { path, compressed: new Uint8Array(zstdCompressSync(nar)) };
}

async function measure({ compressed }: Body): Promise<void> {
  createHash('sha256')
    .update(await unfold(compressed))
    .digest();
}

/** By plain HTTP, since what sends shares the machine: fetch takes half as long as the upload. */
async function put({ port }: Server, token: string, { path, compressed }: Body): Promise<void> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/zstd',
    'content-length': compressed.length,
  };
  const target = { host: '127.0.0.1', port, path: `/nix/uploads/${path}`, agent };
  const sent = request({ ...target, method: 'PUT', headers });
  sent.end(compressed);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  const body = await text(answer);
  if (answer.statusCode !== 201) throw new Error(`${answer.statusCode}: ${body}`);
}

/** Four at once take the next body until there is none. */
async function shared(bodies: readonly Body[], act: (body: Body) => Promise<void>): Promise<void> {
  const left = [...bodies];
  const work = async (): Promise<void> => {
    for (let body = left.pop(); body; body = left.pop()) await act(body);
  };
  await Promise.all(Array.from({ length: workers }, work));
}
