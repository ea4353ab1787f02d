/** Asks every address in turn and tells how long the answers took. */
import { Agent, request } from 'node:http';
import type { Database } from '#adapters/postgres/database.js';
import {
  cuirassRoutes,
  pageRoutes,
  takeSamples,
  type MeasuredRoute,
  type Samples,
} from './cuirass-routes.js';
import { percentile } from './http-load.js';
import { SeededChance } from './seeded-chance.js';

export interface Asked {
  readonly host: string;
  readonly port: number;
  /** Of the same farm: what addresses are made of. */
  readonly database: Database;
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
export const underWay = 2;
/** An address that is slow is measured fewer times. */
const secondsAtMost = 2;
const leastRequests = 10;

export async function measureAddresses(asked: Asked): Promise<Latency[]> {
  const chance = new SeededChance(1);
  const samples = await takeSamples(asked.database, chance);
  const told: Latency[] = [];
  const all = [...cuirassRoutes(samples, chance), ...pageRoutes(samples, chance)];
  for (const route of [...all, largestAnswer(samples)]) {
    const measured = await measure(asked, route);
    asked.tell(rowOf(measured));
    told.push(measured);
  }
  return told;
}

/** Beside the promise: a hundred thousand jobs in one answer are bound by their 8 MB. */
function largestAnswer({ largest }: Samples): MeasuredRoute {
  return { name: 'of 100,000 jobs', path: () => `/api/jobs?evaluation=${largest}` };
}

export async function measure(
  { host, port, requests }: Asked,
  route: MeasuredRoute,
): Promise<Latency> {
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
      const { status, bytes } = await ask({ agent, host, port }, route);
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

interface Place {
  readonly agent: Agent;
  readonly host: string;
  readonly port: number;
}

function ask(place: Place, route: MeasuredRoute): Promise<{ status: number; bytes: number }> {
  const headers = { accept: route.accept ?? '*/*' };
  return new Promise((resolve, reject) => {
    request({ ...place, path: route.path(), headers }, (answer) => {
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
