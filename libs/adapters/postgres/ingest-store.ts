/**
 * Ingest: derivations, their outputs and edges, and the builds they are wished as, written by COPY
 * with ids reserved as a range. One advisory lock lets one batch at a time in, so that a path
 * looked up as unknown stays unknown until it is written (1.07 times a bare indexed COPY when
 * measured; an `on conflict` staging table costs 2.2 times).
 */
import { FarmFault } from '#std/farm-fault.js';
import { invariant } from '#std/invariant.js';
import type { BuildLimits } from '#domain/build/limits.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type {
  IngestBatch,
  IngestDerivation,
  IngestOutcome,
  IngestStore,
} from '#application/ports/ingest-store.js';
import type { Client, Database } from './database.js';
import { applyFates, holdSeconds, type IdleBuilds, type StoreGround } from './ingest-fates.js';
import { BatchIds, knownDerivations, ListedBuilds, type BatchEdges } from './ingest-ids.js';
import { heedCancels, IngestMemories, type IngestMemory } from './ingest-memory.js';
import { writeDerivations } from './ingest-derivations.js';
import { holdSources } from './ingest-sources.js';
import { writeJobs } from './ingest-jobs.js';
import { renewDemand } from './renewed-demand.js';
import { failedAmong, failedSince, tellFailures, type Ask } from './tell-failures.js';

const ingestLock = 726002;

export class PostgresIngestStore implements IngestStore {
  private readonly memories = new IngestMemories();

  constructor(private readonly database: Database) {}

  async known(storeSlug: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
    if (paths.length === 0) return new Set();
    const store = await this.database.query<{ id: number }>(
      'select id from stores where slug = $1',
      [storeSlug],
    );
    const ask: Ask = (text, values) => this.database.query(text, values);
    const known = await knownDerivations(ask, store[0]?.id ?? 0, paths);
    return new Set(known.map(({ path }) => path));
  }

  async ingest(lease: EvaluationLease, batch: IngestBatch): Promise<IngestOutcome | null> {
    const memory = this.memories.of(lease.fence);
    const written = await this.database.transaction((client) =>
      write(client, lease, { batch, memory }),
    );
    if (!written) return null;
    for (const build of written.settled) memory.settled.add(build);
    for (const build of written.failed) memory.failed.add(build);
    for (const [path, id] of written.ids) memory.ids.set(path, id);
    for (const source of written.sources) memory.sources.add(source);
    const { newBuilds, rescheduled } = written;
    const failedInputs = await this.tellAfterwards(lease, written);
    return { newBuilds, rescheduled, failedInputs: written.failedInputs || failedInputs };
  }

  private async tellAfterwards(lease: EvaluationLease, written: Written): Promise<boolean> {
    const ask: Ask = (text, values) => this.database.query(text, values);
    const lately = await failedSince(ask, lease.evaluation);
    return tellFailures(ask, [...new Set([...written.mayHaveFailed, ...lately])]);
  }
}

interface Written extends IngestOutcome {
  readonly ids: ReadonlyMap<string, number>;
  readonly sources: readonly string[];
  /** Builds that later batches of this evaluation need not look at. */
  readonly settled: readonly number[];
  /** Those of them that have failed. */
  readonly failed: readonly number[];
  /** Failed builds that something written here may need. */
  readonly mayHaveFailed: readonly number[];
}

interface Work {
  readonly batch: IngestBatch;
  readonly memory: IngestMemory;
}

async function write(
  client: Client,
  lease: EvaluationLease,
  { batch, memory }: Work,
): Promise<Written | null> {
  await client.query('select pg_advisory_xact_lock($1)', [ingestLock]);
  const ground = await readGround(client, lease, batch);
  if (!ground) return null;
  const { store, pack } = ground;
  heedCancels(memory, ground.cancelEpoch);
  const ask: Ask = async (text, values) => (await client.query(text, [...values])).rows;
  const ids = new BatchIds(ask, store, memory.ids);
  const { fresh, listed } = await planBatch(ids, batch);
  const { repeated, first } = listed;
  const sources = await holdSources(client, store, { fresh, held: memory.sources });
  const named = namedLimits(batch, (path) => ids.of(path));
  const common = { evaluation: lease.evaluation, limits: batch.limits, priority: batch.priority };
  const edges = await writeDerivations(client, {
    ...common,
    store,
    ground,
    fates: batch.fates ?? null,
    pack,
    ids,
    fresh,
    first,
    named,
  });
  const idle = await applyFates(client, { batch, ids, listed, ground });
  const { settled: known } = memory;
  const settled = { has: (build: number) => known.has(build) || idle.registered.has(build) };
  const isSeenTo = (build: number): boolean => settled.has(build) || listed.has(build);
  const unlisted = edges.needed(isSeenTo, idle.fresh);
  for (const build of named.keys()) if (!listed.has(build)) unlisted.add(build);
  const roots = [...unlisted];
  const wanted = repeated.filter((build) => !idle.registered.has(build));
  const demand = { ...common, roots, repeated: wanted, named, settled };
  const renewed = await renewDemand(client, demand);
  await writeJobs(client, {
    evaluation: lease.evaluation,
    jobs: batch.jobs,
    buildOf: (path) => ids.of(path),
  });
  await count(client, lease, { batch, newBuilds: fresh.length, seen: listed.size });
  const unsettled = roots.filter((build) => !settled.has(build));
  const failed = [
    ...(await failedAmong(ask, [...unsettled, ...renewed.walked])),
    ...renewed.failed,
  ];
  return {
    newBuilds: fresh.length,
    rescheduled: renewed.rescheduled,
    failedInputs: await tellFailures(ask, failed),
    ids: ids.learned(),
    sources,
    settled: [...renewed.walked, ...listed.all()],
    failed,
    mayHaveFailed: [...failed, ...failedBefore(edges, { named: named.keys(), memory, idle })],
  };
}

/** Of what the batch needs, the builds that earlier batches found to have failed. */
function failedBefore(edges: BatchEdges, { named, memory, idle }: NeededNow): Iterable<number> {
  const { failed } = memory;
  if (failed.size === 0) return [];
  const needed = edges.needed((build) => !failed.has(build), idle.fresh);
  for (const build of named) if (failed.has(build)) needed.add(build);
  return needed;
}

interface NeededNow {
  readonly named: Iterable<number>;
  readonly memory: IngestMemory;
  readonly idle: IdleBuilds;
}

interface BatchPlan {
  /** Derivations that nobody has registered. */
  readonly fresh: readonly IngestDerivation[];
  readonly listed: ListedBuilds;
}

async function planBatch(ids: BatchIds, batch: IngestBatch): Promise<BatchPlan> {
  const byPath = new Map(batch.derivations.map((d) => [d.path, d]));
  await ids.look([...byPath.keys(), ...batch.jobs.flatMap((job) => job.derivation ?? [])]);
  const repeated: number[] = [];
  const fresh: IngestDerivation[] = [];
  for (const derivation of byPath.values()) {
    const known = ids.get(derivation.path);
    if (known === undefined) fresh.push(derivation);
    else repeated.push(known);
  }
  const first = await ids.reserve(fresh);
  return { fresh, listed: new ListedBuilds(first, fresh.length, repeated) };
}

interface Ground extends StoreGround {
  readonly pack: number | null;
  readonly cancelEpoch: number;
}

/**
 * What a batch stands on: the lease, whose row stays locked until the commit; its store; its pack,
 * asked for so that no derivation ever names one that is not there; and how many cancels there were
 * (they hold the ingest lock, too). Null when the lease is lost.
 */
const findGround = `
with held as (
  select from evaluations
   where id = $1 and lease_fence = $2 and status = 'started' for no key update),
named as (select id, mode from stores where slug = $3)
select exists (select from held) as held, (select id from named) as store,
       (select mode from named) as mode,
       (now() + make_interval(secs => ${holdSeconds}))::text as held_until,
       (select p.id from derivation_packs p
         where p.store_id = (select id from named) and p.id = $4) as pack,
       (select case when is_called then last_value else 0 end from cancel_epoch) as epoch`;

async function readGround(
  client: Client,
  lease: EvaluationLease,
  { storeSlug, pack }: IngestBatch,
): Promise<Ground | null> {
  const values = [lease.evaluation, lease.fence, storeSlug, pack];
  const { rows } = await client.query<GroundRow>(findGround, values);
  const found = rows[0]!;
  if (!found.held) return null;
  invariant(found.store !== null, `there is no store ${storeSlug}`);
  if (pack !== null && found.pack === null) {
    throw new FarmFault('corrupt-data', `the substituter lost the pack ${pack}`);
  }
  const { store, mode, held_until: heldUntil } = found;
  return { store, mode, heldUntil, pack: found.pack, cancelEpoch: found.epoch };
}

interface GroundRow {
  readonly held: boolean;
  readonly store: number | null;
  readonly mode: StoreGround['mode'];
  readonly held_until: string;
  readonly pack: number | null;
  readonly epoch: number;
}

/** The limits of builds that jobs name: the largest that any of them wishes. */
function namedLimits(
  batch: IngestBatch,
  idOfPath: (path: string) => number,
): Map<number, BuildLimits> {
  const named = new Map<number, BuildLimits>();
  for (const { derivation, limits: own } of batch.jobs) {
    if (derivation === null) continue;
    const build = idOfPath(derivation);
    const limits = own ?? batch.limits;
    const other = named.get(build) ?? limits;
    named.set(build, {
      timeoutSeconds: Math.max(limits.timeoutSeconds, other.timeoutSeconds),
      maxSilentSeconds: Math.max(limits.maxSilentSeconds, other.maxSilentSeconds),
    });
  }
  return named;
}

async function count(
  client: Client,
  lease: EvaluationLease,
  written: { readonly batch: IngestBatch; readonly newBuilds: number; readonly seen: number },
): Promise<void> {
  const { batch, newBuilds, seen } = written;
  await client.query(
    `update evaluations
        set job_count = job_count + $2, error_count = error_count + $3,
            derivation_count = derivation_count + $4, new_build_count = new_build_count + $5
      where id = $1`,
    [
      lease.evaluation,
      batch.jobs.length,
      batch.jobs.filter((job) => job.error !== null).length,
      seen,
      newBuilds,
    ],
  );
}
