/**
 * Taking in an evaluation of 100,000 derivations with 280,000 edges: all of them new, or all of
 * them known. The floor is COPY of the same rows, prepared as text beforehand, into the same tables
 * with all their indexes, in one transaction.
 */
import { from as copyFrom } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { id, type EvaluationId, type Fence } from '#domain/ids.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import type { IngestBatch, IngestDerivation } from '#application/ports/ingest-store.js';
import { secondsOf, type Contest } from './contest.js';
import { startFarmDatabase, type FarmDatabase } from './farm-database.js';

const builds = 100_000;
const edges = 280_000;
const largeBatch = 10_000;
/** What an evaluation registers at once. */
const readBatch = 2000;
const limits = { timeoutSeconds: 21_600, maxSilentSeconds: 3600 };

export const ingestNew = (): Promise<Contest> => contest('new', largeBatch);
export const ingestKnown = (): Promise<Contest> => contest('known', largeBatch);
export const ingestNewAsRead = (): Promise<Contest> => contest('new', readBatch);
export const ingestKnownAsRead = (): Promise<Contest> => contest('known', readBatch);

async function contest(kind: 'new' | 'known', batchSize: number): Promise<Contest> {
  const farm = await startFarmDatabase();
  const derivations = generate();
  const copies = prepareCopies(derivations);
  const ingest = (): Promise<number> => ingestAll(farm, derivations, batchSize);
  return {
    name: `ingest of ${batchSize} at once, all ${kind}`,
    unit: 's',
    better: 'low',
    floor: { name: 'indexed COPY of the same rows', round: () => copyRound(farm, copies) },
    contender: {
      name: 'ingest',
      round: async () => {
        await farm.clear();
        const seconds = await ingest();
        return kind === 'new' ? seconds : ingest();
      },
    },
    target: { ratio: kind === 'new' ? 1.5 : 0.35 },
    close: () => farm.stop(),
  };
}

/** A graph whose inputs stand before what needs them, with 2.8 of them each on average. */
function generate(): IngestDerivation[] {
  const path = (i: number): string => `${String(i).padStart(32, '0')}-package-${i}-1.0.drv`;
  let state = 7;
  const below = (bound: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  let left = edges;
  return Array.from({ length: builds }, (_, i) => {
    const wished = i < 10 ? 0 : Math.min(left, 1 + below(5) - (i % 5 === 0 ? 1 : 0));
    const inputs = new Set<string>();
    while (inputs.size < wished) inputs.add(path(below(i)));
    left -= inputs.size;
    return {
      path: path(i),
      name: `package-${i}-1.0`,
      packageName: `package-${i}`,
      system: 'x86_64-linux',
      requiredFeatures: [],
      fixedOutput: false,
      outputs: [{ name: 'out', path: `${String(i).padStart(32, '1')}-package-${i}-1.0` }],
      inputs: [...inputs],
    };
  });
}

async function ingestAll(
  farm: FarmDatabase,
  derivations: readonly IngestDerivation[],
  batchSize: number,
): Promise<number> {
  const evaluation = await startEvaluation(farm);
  const store = new PostgresIngestStore(farm.database);
  const lease = { evaluation, fence: '0123456789abcdef' as Fence };
  return secondsOf(async () => {
    for (let start = 0; start < derivations.length; start += batchSize) {
      const batch = batchOf(derivations.slice(start, start + batchSize));
      if (!(await store.ingest(lease, batch))) throw new Error('the lease was lost');
    }
  });
}

function batchOf(derivations: readonly IngestDerivation[]): IngestBatch {
  return { storeSlug: 'nix', pack: null, limits, priority: 5, derivations, jobs: [] };
}

async function startEvaluation(farm: FarmDatabase): Promise<EvaluationId> {
  const { database } = farm;
  await database.execute(
    `insert into specifications (name, version) select 'bench', 1
     where not exists (select 1 from specifications)`,
  );
  await database.execute(
    `insert into specification_versions (specification_id, version, document)
     select id, 1, '{}' from specifications on conflict do nothing`,
  );
  const rows = await database.query<{ id: number }>(
    `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                              trigger, status, lease_fence)
     select id, 1, 'bench', 1 + (select count(*) from evaluations), 'poll', 'started',
            '0123456789abcdef' from specifications returning id`,
  );
  return id<EvaluationId>(rows[0]!.id);
}

interface PreparedCopy {
  readonly target: string;
  readonly text: Buffer;
}

function prepareCopies(derivations: readonly IngestDerivation[]): PreparedCopy[] {
  const ids = new Map(derivations.map((d, i) => [d.path, i + 1]));
  const copy = (target: string, rows: (d: IngestDerivation, id: number) => string[]) => ({
    target,
    text: Buffer.from(derivations.flatMap((d, i) => rows(d, i + 1)).join('')),
  });
  return [
    copy('derivations (id, store_id, path, name, package_name, system, fixed_output)', (d, i) => [
      `${i}\t1\t${d.path}\t${d.name}\t${d.packageName}\t${d.system}\tf\n`,
    ]),
    copy('outputs (derivation_id, name, store_id, path)', (d, i) => [
      `${i}\tout\t1\t${d.outputs[0]!.path}\n`,
    ]),
    copy('derivation_inputs (derivation_id, input_id)', (d, i) =>
      d.inputs.map((input) => `${i}\t${ids.get(input)}\n`),
    ),
    copy(
      'builds (id, evaluation_id, status, priority, timeout_seconds, max_silent_seconds)',
      (_, i) => [`${i}\t1\tscheduled\t5\t21600\t3600\n`],
    ),
  ];
}

async function copyRound(farm: FarmDatabase, copies: readonly PreparedCopy[]): Promise<number> {
  await farm.clear();
  return secondsOf(() =>
    farm.database.transaction(async (client) => {
      for (const { target, text } of copies) {
        const stream = (client as pg.Client).query(copyFrom(`copy ${target} from stdin`));
        await pipeline(Readable.from(slices(text)), stream);
      }
    }),
  );
}

function* slices(text: Buffer): Generator<Buffer> {
  const size = 1 << 18;
  for (let at = 0; at < text.length; at += size) yield text.subarray(at, at + size);
}
