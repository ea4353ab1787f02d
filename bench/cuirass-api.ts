/**
 * How long each Cuirass-compatible address and each page takes over HTTP, by the built api, over a
 * farm of ten million builds (GAMBESON_BENCH_BUILDS for another number), made once and kept. Two
 * requests are under way at any moment; the promise is 100 ms for 99 of 100.
 */
import { Agent, request } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '#adapters/postgres/database.js';
import { startServer, type Server } from './child.js';
import {
  cuirassRoutes,
  pageRoutes,
  takeSamples,
  type MeasuredRoute,
  type Samples,
} from './cuirass-routes.js';
import { percentile } from './http-load.js';
import { SeededChance } from './seeded-chance.js';
import { keptDirectory, openKeptFarm } from './ten-million-farm.js';

export interface LatencyWish {
  readonly builds: number;
  /** Of each address, after a tenth as many that are not counted. */
  readonly requests: number;
  readonly tell: (sentence: string) => void;
}

export interface Latency {
  readonly name: string;
  readonly p50: number;
  readonly p99: number;
  readonly requests: number;
  /** Of the largest answer. */
  readonly bytes: number;
  /** What came instead of the answer that was meant. */
  readonly wrong: string | null;
}

const promisedMilliseconds = 100;
const underWay = 2;
/** An address that is slow is measured fewer times. */
const secondsAtMost = 2;
const leastRequests = 10;

export async function cuirassApiReport(): Promise<string> {
  const builds = Number(process.env['GAMBESON_BENCH_BUILDS'] ?? 10_000_000);
  const tell = (sentence: string): void => void process.stderr.write(`${sentence}\n`);
  const latencies = await measureApi({ builds, requests: 200, tell });
  const title = `${builds.toLocaleString('en')} builds, ${underWay} requests at a time`;
  return `${title}\n${table(latencies)}`;
}

export async function measureApi({ builds, requests, tell }: LatencyWish): Promise<Latency[]> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await openKeptFarm(keptDirectory(builds), builds, tell);
  const environment = { DATABASE_URL: farm.url, GAMBESON_DATA: directory, GAMBESON_PORT: '0' };
  const api = await startServer('apps/api/main.js', environment);
  try {
    const chance = new SeededChance(1);
    const samples = await samplesOf(farm.url, chance);
    const told: Latency[] = [];
    const all = [...cuirassRoutes(samples, chance), ...pageRoutes(samples, chance)];
    for (const route of [...all, largestAnswer(samples)]) {
      const measured = await measure(api, route, requests);
      tell(rowOf(measured));
      told.push(measured);
    }
    return told;
  } finally {
    await api.stop();
    await farm.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Beside the promise: a hundred thousand jobs in one answer are bound by their 8 MB. */
function largestAnswer({ largest }: Samples): MeasuredRoute {
  return { name: 'of 100,000 jobs', path: () => `/api/jobs?evaluation=${largest}` };
}

async function samplesOf(url: string, chance: SeededChance): Promise<Samples> {
  const database = new Database(url, 2, 'bench');
  try {
    return await takeSamples(database, chance);
  } finally {
    await database.close();
  }
}

async function measure({ port }: Server, route: MeasuredRoute, requests: number): Promise<Latency> {
  const agent = new Agent({ keepAlive: true, maxSockets: underWay });
  const took: number[] = [];
  const seen = { bytes: 0, wrong: null as string | null };
  let left = requests + Math.ceil(requests / 10);
  const enough = performance.now() + secondsAtMost * 1000;
  const one = async (): Promise<void> => {
    while (left > 0 && (took.length < leastRequests || performance.now() < enough)) {
      left -= 1;
      const counts = left < requests;
      const began = performance.now();
      const { status, bytes } = await ask(agent, port, route);
      if (counts) took.push(performance.now() - began);
      seen.bytes = Math.max(seen.bytes, bytes);
      if (status !== (route.status ?? 200)) seen.wrong = String(status);
    }
  };
  await Promise.all(Array.from({ length: underWay }, one));
  agent.destroy();
  const ascending = Float64Array.from(took).sort();
  const [p50, p99] = [percentile(ascending, 0.5), percentile(ascending, 0.99)];
  return { name: route.name, p50, p99, requests: took.length, ...seen };
}

function ask(
  agent: Agent,
  port: number,
  route: MeasuredRoute,
): Promise<{ status: number; bytes: number }> {
  const headers = { accept: route.accept ?? '*/*' };
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path: route.path(), agent, headers }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => (bytes += chunk.length));
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, bytes }));
      answer.once('error', reject);
    })
      .once('error', reject)
      .end();
  });
}

export function table(latencies: readonly Latency[]): string {
  const times = `${'p50'.padStart(9)} ${'p99'.padStart(9)}`;
  const head = `  ${'address'.padEnd(46)} ${times}  largest answer\n`;
  return head + latencies.map((latency) => `${rowOf(latency)}\n`).join('');
}

function rowOf({ name, p50, p99, requests, bytes, wrong }: Latency): string {
  const late = p99 > promisedMilliseconds ? `  OVER 100 ms (${requests} requests)` : '';
  const kilobytes = `${(bytes / 1000).toFixed(1).padStart(9)} kB`;
  const times = [p50, p99].map((time) => `${time.toFixed(1)} ms`.padStart(9)).join(' ');
  return `  ${name.padEnd(46)} ${times} ${kilobytes}${late}${wrong ? `  ANSWERED ${wrong}` : ''}`;
}
