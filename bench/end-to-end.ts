/**
 * An evaluation of 150,000 jobs through the real processes: its 300,000 `.drv` files checked and
 * stored in packs at the substituter, their rows and 3,600,000 edges in Postgres, while the
 * coordinator releases builds and a worker claims some of them.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { hashSecret } from '#adapters/system/secret.js';
import { startTestRedis } from '#testkit/redis.js';
import { startServer, type Server } from './child.js';
import { connectWorkers, workerSecret } from './claiming-workers.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';
import { generatedChannel, system } from './generated-channel.js';

const derivations = Number(process.env['BENCH_DERIVATIONS'] ?? 300_000);
const secondsAtMost = 60;
const megabytesAtMost = 1024;
const claimedAtOnce = 8;

interface EvaluationRow extends Record<string, unknown> {
  readonly status: string;
  readonly message: string | null;
  readonly job_count: number;
  readonly error_count: number;
  readonly new_build_count: number;
}

export async function endToEndReport(): Promise<string> {
  const channel = await generatedChannel(derivations);
  const directory = await mkdtemp(join(tmpdir(), 'gambeson-bench-'));
  const farm = await startFarmDatabase();
  const redis = await startTestRedis();
  const servers = new Map<string, Server>();
  try {
    const address = { DATABASE_URL: farm.url, REDIS_URL: redis.url, GAMBESON_DATA: directory };
    const environment = { ...address, GAMBESON_PORT: '0', GAMBESON_LEASE_SECONDS: '300' };
    await seed(farm);
    servers.set('substituter', await startServer('apps/substituter/main.js', environment));
    const substituter = `http://127.0.0.1:${servers.get('substituter')!.port}`;
    const more = { ...environment, GAMBESON_SUBSTITUTER_URL: substituter };
    for (const app of ['api', 'coordinator']) {
      servers.set(app, await startServer(`apps/${app}/main.js`, more));
    }
    const own = { ...more, BENCH_CHANNEL: channel, GAMBESON_TICK_SECONDS: '0.2' };
    servers.set('evaluator', await startServer('bench/generated-evaluator.js', own));
    const run = await timed(farm, servers.get('api')!.port);
    const pids = new Map([...servers].map(([name, { pid }]) => [name, pid] as const));
    const edges = Number(await readFile(join(channel, 'edges'), 'utf8'));
    return await tell(farm, run, { edges, used: await usedBy(farm, pids.set('redis', redis.pid)) });
  } finally {
    for (const server of [...servers.values()].toReversed()) await server.stop();
    await redis.stop();
    await farm.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function seed({ database }: FarmDatabase): Promise<void> {
  const document = {
    ...{ name: 'bench', backend: 'nix', channels: [], selection: { file: 'release.nix' } },
    ...{ systems: [system], priority: 5, period: 86_400, share: 100, limits: {}, active: false },
  };
  await database.execute(`insert into specifications (name, version) values ('bench', 1)`);
  await database.execute(
    `insert into specification_versions (specification_id, version, document)
     select id, 1, $1 from specifications`,
    [document],
  );
  await database.execute(`insert into workers (name, credential_hash) values ('bench', $1)`, [
    hashSecret(workerSecret),
  ]);
}

interface Run {
  readonly evaluation: EvaluationRow;
  readonly seconds: number;
  /** Until the worker's slots had their builds; null when the evaluation ended before. */
  readonly claimed: number | null;
}

async function timed(farm: FarmDatabase, port: number): Promise<Run> {
  const { database } = farm;
  const workers = await connectWorkers({ port, workers: 1, slots: claimedAtOnce, system });
  let claimed: number | null = null;
  workers.claimAll().then(
    (seconds) => (claimed = seconds),
    () => undefined,
  );
  const begun = performance.now();
  await database.transaction(async (client) => {
    await client.query('select ensure_evaluation_partitions(1)');
    await client.query(
      `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                                trigger, status)
       select id, 1, 'bench', 1, 'poll', 'started' from specifications`,
    );
  });
  for (;;) {
    const [evaluation] = await database.query<EvaluationRow>('select * from evaluations');
    if (evaluation && evaluation.status !== 'started') {
      const seconds = (performance.now() - begun) / 1000;
      await workers.close();
      return { evaluation, seconds, claimed };
    }
    await pause(100);
  }
}

async function tell(
  { database }: FarmDatabase,
  { evaluation, seconds, claimed }: Run,
  facts: { readonly edges: number; readonly used: ReadonlyMap<string, Used> },
): Promise<string> {
  const [rows] = await database.query<{ builds: number; edges: number; unpacked: number }>(
    `select (select count(*) from builds) as builds,
            (select count(*) from derivation_inputs) as edges,
            (select count(*) from derivations where pack_id is null) as unpacked`,
  );
  const { status, job_count, error_count, new_build_count } = evaluation;
  const found = { status, job_count, error_count, new_build_count, ...rows };
  const wanted = {
    ...{ status: 'succeeded', job_count: derivations >> 1, error_count: 0 },
    ...{ new_build_count: derivations, builds: derivations, edges: facts.edges, unpacked: 0 },
  };
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`the evaluation is not whole: ${JSON.stringify([found, evaluation.message])}`);
  }
  const word = (kept: boolean): string => (kept ? 'kept' : 'MISSED');
  const builds = claimed === null ? 'not before the end' : `after ${claimed.toFixed(1)} s`;
  return [
    `end to end: ${job_count} jobs, ${derivations} derivations, ${facts.edges} edges`,
    `  ${seconds.toFixed(1)} s (≤ ${secondsAtMost} s ${word(seconds <= secondsAtMost)})`,
    `  the first ${claimedAtOnce} builds were claimed ${builds} (${word(claimed !== null)})`,
    ...[...facts.used].map(
      ([name, { peak, cpu }]) =>
        `  ${name}: ${cpu.toFixed(1)} s of processor, at most ${Math.round(peak)} MB ` +
        `(≤ ${megabytesAtMost} MB ${word(peak <= megabytesAtMost)})`,
    ),
    '',
  ].join('\n');
}

interface Used {
  /** Megabytes resident at most. */
  readonly peak: number;
  /** Seconds. */
  readonly cpu: number;
}

/** Of Postgres: all its processes together, and the peak of that which held the most. */
async function usedBy(
  { database }: FarmDatabase,
  pids: ReadonlyMap<string, number>,
): Promise<Map<string, Used>> {
  const servers = await database.query<{ pid: number }>('select pid from pg_stat_activity');
  const postgres = await Promise.all(servers.map(({ pid }) => usedByProcess(pid)));
  const used = new Map<string, Used>();
  for (const [name, pid] of pids) used.set(name, await usedByProcess(pid));
  return used.set('postgres', {
    peak: Math.max(...postgres.map(({ peak }) => peak)),
    cpu: postgres.reduce((sum, { cpu }) => sum + cpu, 0),
  });
}

async function usedByProcess(pid: number): Promise<Used> {
  const read = (name: string): Promise<string> =>
    readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const peak = Number(/VmHWM:\s+([0-9]+)/.exec(await read('status'))?.[1] ?? 0) / 1024;
  // After the name in parentheses the 12th and 13th field are hundredths of a second.
  const fields = (await read('stat')).replace(/.*\) /, '').split(' ');
  return { peak, cpu: (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100 };
}
