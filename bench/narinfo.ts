/**
 * Signed narinfos of 2 kB from the substituter over real Postgres, against bare node:http that
 * answers the same bytes from memory and against nginx that serves them as files. Each server has
 * one core, and wrk has the other. Hot: of 10,000 paths. Uniform: of two million paths that were
 * told once before, most of them from the local file. First time: looked up in Postgres and signed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServer, type Server } from './child.js';
import { spread, type Spread } from './contest.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';
import { latencies, percentile, sweep } from './http-load.js';
import { hashPart, seedPaths } from './narinfo-seed.js';
import { startNginx } from './nginx-static.js';
import { usageOf } from './process-usage.js';
import { wrkRate } from './wrk.js';

const hotPaths = 10_000;
const rounds = 3;
const seconds = 2;
const [serverCore, clientCore] = [0, 1];
const connections = 32;

const knownPaths = Number(process.env['GAMBESON_BENCH_PATHS'] ?? 2_000_000);

interface Field {
  readonly farm: FarmDatabase;
  readonly substituter: Server;
  /** With two million answers. */
  readonly kept: Server;
  readonly bare: Server;
  readonly nginx: Server;
  readonly startSeconds: number;
  close(): Promise<void>;
}

export async function narinfoReport(): Promise<string> {
  const field = await prepare();
  try {
    const first = await sweep({
      ...{ port: field.substituter.port, paths: hotPaths, connections: 8, pipelined: 64 },
      path: (number) => `/${hashPart(number + 1)}.narinfo`,
    });
    const rates = await measureRates(field);
    const random = (): string => `/${hashPart(1 + Math.floor(Math.random() * hotPaths))}.narinfo`;
    const load = { connections: 1000, rate: 5000, seconds: 5, path: random };
    const took = await latencies({ ...load, port: field.substituter.port });
    const bare = await latencies({ ...load, port: field.bare.port });
    return report({ field, first, rates, took, bare });
  } finally {
    await field.close();
  }
}

async function prepare(): Promise<Field> {
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await startFarmDatabase();
  await seedPaths(farm.database, hotPaths);
  const began = performance.now();
  const environment = {
    DATABASE_URL: farm.url,
    GAMBESON_DATA: directory,
    GAMBESON_PORT: '0',
    // The nars of these narinfos are nowhere.
    GAMBESON_SCRUB_MB_PER_SECOND: '0',
  };
  const substituter = await startServer('apps/substituter/main.js', environment, serverCore);
  const text = await narinfoOf(substituter.port);
  const startSeconds = (performance.now() - began) / 1000;
  const bare = await startServer(
    'bench/bare-server.js',
    { BODY_BYTES: String(text.length) },
    serverCore,
  );
  const kept = await startServer(
    'bench/kept-server.js',
    { BODY_BYTES: String(text.length), PATHS: String(knownPaths), DIRECTORY: directory },
    serverCore,
  );
  const nginx = await startNginx({ directory, core: serverCore });
  for (let i = 1; i <= hotPaths; i++) {
    await writeFile(join(directory, 'root', `${hashPart(i)}.narinfo`), text);
  }
  const close = async (): Promise<void> => {
    await Promise.all([substituter, kept, bare, nginx].map((server) => server.stop()));
    await farm.stop();
    await rm(directory, { recursive: true });
  };
  return { farm, substituter, kept, bare, nginx, startSeconds, close };
}

async function narinfoOf(port: number): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${port}/${hashPart(1)}.narinfo`);
  if (answer.status !== 200) throw new Error(`the substituter answered ${answer.status}`);
  return answer.text();
}

interface Round {
  /** Requests per second. */
  readonly rate: number;
  /** Of the server's core, per request: it drifts less than the rate where others work too. */
  readonly microseconds: number;
}

type Rates = Readonly<Record<'bare' | 'nginx' | 'hot' | 'uniform', Round[]>>;

/** In turn, after a round that is not counted. */
async function measureRates(field: Field): Promise<Rates> {
  const rates: Rates = { bare: [], nginx: [], hot: [], uniform: [] };
  const rate = async (server: Server, paths: number): Promise<Round> => {
    const before = usageOf(server.pid).cpuSeconds;
    const told = await wrkRate({
      ...{ port: server.port, connections, seconds, core: clientCore },
      path: `format("/%032d.narinfo", random(1, ${paths}))`,
    });
    const used = usageOf(server.pid).cpuSeconds - before;
    return { rate: told, microseconds: (used * 1e6) / (told * seconds) };
  };
  for (let round = 0; round <= rounds; round++) {
    const turn: [keyof Rates, Round][] = [
      ['bare', await rate(field.bare, hotPaths)],
      ['nginx', await rate(field.nginx, hotPaths)],
      ['hot', await rate(field.substituter, hotPaths)],
      ['uniform', await rate(field.kept, knownPaths)],
    ];
    if (round > 0) for (const [name, value] of turn) rates[name].push(value);
  }
  return rates;
}

interface Measured {
  readonly field: Field;
  readonly first: number;
  readonly rates: Rates;
  readonly took: Float64Array;
  readonly bare: Float64Array;
}

function report({ field, first, rates, took, bare }: Measured): string {
  const row = (name: string, counted: Round[]): string =>
    `  ${name.padEnd(34)} ${number(median(counted, 'rate')).padStart(7)}/s ` +
    `${median(counted, 'microseconds').toFixed(1).padStart(6)} µs   ` +
    `${ratio(counted, rates.bare)} of bare node:http   ${ratio(counted, rates.nginx)} of nginx\n`;
  return (
    `narinfos of 2 kB, ${number(knownPaths)} known, ${connections} connections\n` +
    row('bare node:http', rates.bare) +
    row('nginx, 10,000 files', rates.nginx) +
    row('substituter, 10,000 hot', rates.hot) +
    row(`substituter, ${number(knownPaths)} uniform`, rates.uniform) +
    `  ${'substituter, each the first time'.padEnd(34)} ${number(first).padStart(7)}/s\n` +
    `  at 1,000 connections and 5,000/s offered: ${milliseconds(took)}` +
    ` (bare node:http: ${milliseconds(bare)})\n` +
    `  resident: substituter ${mebibytes(field.substituter)}, ` +
    `with ${number(knownPaths)} answers ${mebibytes(field.kept)}; ` +
    `first answer ${field.startSeconds.toFixed(1)} s after the start\n`
  );
}

function median(counted: readonly Round[], of: keyof Round): number {
  return spread(counted.map((round) => round[of])).median;
}

function ratio(ours: readonly Round[], floor: readonly Round[]): string {
  const told: Spread = spread(ours.map(({ rate }, round) => rate / floor[round]!.rate));
  return `${told.median.toFixed(2)} (${told.least.toFixed(2)}–${told.most.toFixed(2)})`;
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}

function mebibytes({ pid }: Server): string {
  return `${number(usageOf(pid).bytes / 1024 ** 2)} MiB`;
}

function milliseconds(took: Float64Array): string {
  const [half, most] = [percentile(took, 0.5), percentile(took, 0.99)];
  return `p50 ${half.toFixed(2)} ms, p99 ${most.toFixed(2)} ms`;
}
