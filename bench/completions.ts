/**
 * Completions, durable: reports of success with one output each, that wait together and are
 * committed together, against one interactive transaction for each, and against the least that any
 * program would pay that commits each by itself: one UPDATE of one row (plain-completions.ts).
 */
import type { WorkerReport } from '#application/accept-report.js';
import type { Bus } from '#application/ports/bus.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresReportStore } from '#adapters/postgres/report-store.js';
import { id, type AttemptId, type Fence, type WorkerId } from '#domain/ids.js';
import { ReportDesk } from '../apps/api/gateway/report-desk.js';
import { secondsOf, type Contest } from './contest.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';
import {
  completeInteractively,
  completeOneRow,
  seedCounts,
  withoutTriggers,
} from './plain-completions.js';

const perRound = 2000;
/** More would not make the plain program faster: it is bound by its statements. */
const plainConnections = 16;
const fence = '0123456789abcdef' as Fence;
const narHash = `sha256:${'1'.repeat(52)}`;
const silent: Bus = {
  publish: async () => undefined,
  subscribe: async () => async () => undefined,
  close: async () => undefined,
};

export function completionsOf16(): Promise<Contest> {
  return againstInteractive(16, 10);
}

export function completionsOf200(): Promise<Contest> {
  return againstInteractive(200, 15);
}

async function againstInteractive(inFlight: number, ratio: number): Promise<Contest> {
  const farm = await startFarmDatabase();
  return {
    name: `completions, ${inFlight} in flight`,
    unit: 'completions/s',
    better: 'high',
    floor: {
      name: 'one interactive transaction for each',
      round: () => interactiveRound(farm, inFlight),
    },
    contender: { name: 'committed together', round: () => deskRound(farm, inFlight) },
    target: { ratio },
    close: () => farm.stop(),
  };
}

export function completionsOneRowOf16(): Promise<Contest> {
  return againstOneRow(16);
}

export function completionsOneRowOf200(): Promise<Contest> {
  return againstOneRow(200);
}

async function againstOneRow(inFlight: number): Promise<Contest> {
  const farm = await startFarmDatabase();
  return {
    name: `completions, ${inFlight} in flight, one-row floor`,
    unit: 'completions/s',
    better: 'high',
    floor: { name: 'one UPDATE of one row for each', round: () => oneRowRound(farm, inFlight) },
    contender: { name: 'committed together', round: () => deskRound(farm, inFlight) },
    target: { ratio: 1.5 },
    close: () => farm.stop(),
  };
}

async function deskRound(farm: FarmDatabase, inFlight: number): Promise<number> {
  await seed(farm);
  const desk = new ReportDesk({ store: new PostgresReportStore(farm.database), bus: silent });
  return rate(inFlight, async (n) => {
    if (!(await desk.settle(reportOf(n)))) throw new Error(`report ${n} was refused`);
  });
}

async function interactiveRound(farm: FarmDatabase, inFlight: number): Promise<number> {
  await seed(farm);
  await seedCounts(farm.database, perRound);
  return plainRound(farm, inFlight, (plain, n) => {
    const { attempt, outputs } = reportOf(n);
    return completeInteractively(plain, { attempt, fence, ...outputs[0]! });
  });
}

async function oneRowRound(farm: FarmDatabase, inFlight: number): Promise<number> {
  await seed(farm);
  return plainRound(farm, inFlight, completeOneRow);
}

type Complete = (plain: Database, n: number) => Promise<void>;

function plainRound(farm: FarmDatabase, inFlight: number, complete: Complete): Promise<number> {
  return withoutTriggers(farm.database, async () => {
    const plain = new Database(farm.url, plainConnections, 'plain');
    try {
      // The time to connect is not what is measured.
      await Promise.all(
        Array.from({ length: plainConnections }, () => plain.query('select pg_sleep(0.05)')),
      );
      return await rate(inFlight, (n) => complete(plain, n));
    } finally {
      await plain.close();
    }
  });
}

/** Completions a second, so many under way at any moment. */
async function rate(inFlight: number, complete: (n: number) => Promise<void>): Promise<number> {
  let next = 0;
  const seconds = await secondsOf(() =>
    Promise.all(
      Array.from({ length: inFlight }, async () => {
        while (next < perRound) await complete((next += 1));
      }),
    ),
  );
  return perRound / seconds;
}

function reportOf(n: number): WorkerReport {
  const path = `${String(n).padStart(32, '0')}-p`;
  return {
    worker: id<WorkerId>(1),
    attempt: id<AttemptId>(n),
    fence,
    logBytes: 1000,
    outputs: [{ name: 'out', path, narHash, narSize: 1000, references: [path] }],
    outcome: { kind: 'succeeded' },
  };
}

const rows = [
  `insert into workers (name, credential_hash) values ('bench', '')`,
  `insert into derivations (id, store_id, path, name, package_name, system)
   select n, 1, lpad(n::text, 32, '0') || '-p.drv', 'p', 'p', 'x86_64-linux' from N`,
  `insert into outputs select n, 'out', 1, lpad(n::text, 32, '0') || '-p' from N`,
  `insert into builds (id, evaluation_id, status, started_at) select n, 1, 'started', now() from N`,
  `insert into attempts (id, evaluation_id, build_id, number, worker_id, slot, status, fence)
   select n, 1, n, 1, 1, n, 'started', '${fence}' from N`,
  `insert into leases (build_id, attempt_id, evaluation_id, worker_id, slot, fence, expires_at)
   select n, n, 1, 1, n, '${fence}', now() + interval '1 hour' from N`,
  `insert into uploads (store_id, path, principal, nar_hash, nar_size, compression, file_hash,
                        file_size, file_key)
   select 1, lpad(n::text, 32, '0') || '-p', 'attempt-' || n, '${narHash}', 1000, 'zstd',
          '${narHash}', 500, lpad(n::text, 52, '0') from N`,
];

async function seed(farm: FarmDatabase): Promise<void> {
  await farm.clear();
  await farm.database.execute('select ensure_evaluation_partitions(1)');
  for (const text of rows) {
    await farm.database.execute(text.replace(/ N$/, ` generate_series(1, ${perRound}) n`));
  }
}
