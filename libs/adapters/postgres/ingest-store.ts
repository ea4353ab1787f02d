/**
 * Ingest: derivations, their outputs and edges, and the builds they are wished as, written by COPY
 * with ids reserved as a range. One advisory lock lets one batch at a time in, so that a path looked
 * up as unknown stays unknown until it is written (1.07 times a bare indexed COPY when measured; an
 * `on conflict` staging table costs 2.2 times).
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
import { writeDerivations } from './ingest-derivations.js';
import { writeJobs } from './ingest-jobs.js';
import { renewDemand } from './renewed-demand.js';
import { tellFailures } from './tell-failures.js';

const ingestLock = 726002;

const findKnown = `
select p.at::int as at, d.id
  from unnest(string_to_array($2, ' ')) with ordinality p (path, at)
  join derivations d on d.store_id = $1 and d.path = p.path`;

/** As many as are read at once, and some whose leases went over. */
const evaluationsRemembered = 8;

export class PostgresIngestStore implements IngestStore {
  /** Fence → builds that batches of that reading have walked. */
  private readonly walked = new Map<string, Set<number>>();

  constructor(private readonly database: Database) {}

  async known(storeSlug: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
    if (paths.length === 0) return new Set();
    const store = await this.database.query<{ id: number }>(
      'select id from stores where slug = $1',
      [storeSlug],
    );
    const rows = await this.database.query<{ at: number }>(findKnown, [
      store[0]?.id,
      paths.join(' '),
    ]);
    return new Set(rows.map((row) => paths[row.at - 1] ?? ''));
  }

  async ingest(lease: EvaluationLease, batch: IngestBatch): Promise<IngestOutcome | null> {
    const walked = this.walkedFor(lease);
    const written = await this.database.transaction((client) =>
      write(client, lease, { batch, walked }),
    );
    if (!written) return null;
    for (const build of written.walked) walked.add(build);
    const { mayHaveFailed, newBuilds, rescheduled } = written;
    const told = await tellFailures((text, values) => this.database.query(text, values), mayHaveFailed);
    return { newBuilds, rescheduled, failedInputs: written.failedInputs || told };
  }

  private walkedFor(lease: EvaluationLease): Set<number> {
    const walked = this.walked.get(lease.fence) ?? new Set();
    this.walked.delete(lease.fence);
    this.walked.set(lease.fence, walked);
    for (const [oldest] of this.walked) {
      if (this.walked.size > evaluationsRemembered) this.walked.delete(oldest);
    }
    return walked;
  }
}

interface Written extends IngestOutcome {
  /** Builds that later batches of this evaluation need not look at. */
  readonly walked: readonly number[];
  /** Known builds that something written here may need. */
  readonly mayHaveFailed: readonly number[];
}

interface Work {
  readonly batch: IngestBatch;
  readonly walked: ReadonlySet<number>;
}

async function write(
  client: Client,
  lease: EvaluationLease,
  { batch, walked }: Work,
): Promise<Written | null> {
  await client.query('select pg_advisory_xact_lock($1)', [ingestLock]);
  if (!(await holds(client, lease))) return null;
  const store = await findStore(client, batch.storeSlug);
  const pack = await findPack(client, store, batch.pack);
  const listed = new Map(batch.derivations.map((d) => [d.path, d]));
  const ids = await knownIds(client, store, pathsOf(batch, listed));
  const fresh = [...listed.values()].filter((d) => !ids.has(d.path));
  const roots = [...ids].filter(([path]) => !listed.has(path)).map(([, id]) => id);
  const repeated = [...ids].filter(([path]) => listed.has(path)).map(([, id]) => id);
  await reserveIds(client, fresh, ids);
  const named = namedLimits(batch, (path) => idOf(ids, path));
  const common = { evaluation: lease.evaluation, limits: batch.limits, priority: batch.priority };
  await writeDerivations(client, { ...common, store, pack, ids, fresh, named });
  const renewed = await renewDemand(client, { ...common, roots, repeated, named, walked });
  await writeJobs(client, lease.evaluation, batch.jobs, (path) => idOf(ids, path));
  await count(client, lease, { batch, newBuilds: fresh.length, seen: listed.size });
  const needed = inputsOutside(fresh, ids, listed);
  const ask = async (text: string, values: readonly unknown[]) =>
    (await client.query(text, [...values])).rows;
  const newlyNeeded = needed.filter((build) => !walked.has(build));
  const failedInputs = await tellFailures(ask, [...newlyNeeded, ...renewed.walked]);
  const own = fresh.map((derivation) => idOf(ids, derivation.path));
  return {
    newBuilds: fresh.length,
    rescheduled: renewed.rescheduled,
    failedInputs,
    walked: [...renewed.walked, ...repeated, ...own],
    mayHaveFailed: [...needed, ...renewed.walked],
  };
}

/** The known builds that new ones of the batch need. */
function inputsOutside(
  fresh: readonly IngestDerivation[],
  ids: ReadonlyMap<string, number>,
  listed: ReadonlyMap<string, IngestDerivation>,
): number[] {
  const outside = new Set<number>();
  for (const { inputs } of fresh) {
    for (const input of inputs) if (!listed.has(input)) outside.add(idOf(ids, input));
  }
  return [...outside];
}

/** The lock on the row keeps the lease ours until the commit. */
async function holds(client: Client, lease: EvaluationLease): Promise<boolean> {
  const found = await client.query(
    `select 1 from evaluations
      where id = $1 and lease_fence = $2 and status = 'started' for no key update`,
    [lease.evaluation, lease.fence],
  );
  return found.rowCount === 1;
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

async function findStore(client: Client, slug: string): Promise<number> {
  const { rows } = await client.query<{ id: number }>('select id from stores where slug = $1', [
    slug,
  ]);
  invariant(rows[0], `there is no store ${slug}`);
  return rows[0].id;
}

/** Asked for, so that no derivation ever names a pack that is not there. */
async function findPack(client: Client, store: number, pack: string | null): Promise<number | null> {
  if (pack === null) return null;
  const { rows } = await client.query<{ id: number }>(
    'select id from derivation_packs where store_id = $1 and id = $2',
    [store, pack],
  );
  if (!rows[0]) throw new FarmFault('corrupt-data', `the substituter lost the pack ${pack}`);
  return rows[0].id;
}

/** Every path that the batch names, each once. */
function pathsOf(batch: IngestBatch, listed: ReadonlyMap<string, IngestDerivation>): string[] {
  const paths = new Set(listed.keys());
  for (const derivation of listed.values()) for (const input of derivation.inputs) paths.add(input);
  for (const job of batch.jobs) if (job.derivation !== null) paths.add(job.derivation);
  return [...paths];
}

async function knownIds(
  client: Client,
  store: number,
  paths: readonly string[],
): Promise<Map<string, number>> {
  const ids = new Map<string, number>();
  if (paths.length === 0) return ids;
  const { rows } = await client.query<{ at: number; id: number }>(findKnown, [
    store,
    paths.join(' '),
  ]);
  for (const { at, id } of rows) ids.set(paths[at - 1] ?? '', id);
  return ids;
}

/** Gives each new derivation its id, in the order of the batch. */
async function reserveIds(
  client: Client,
  fresh: readonly IngestDerivation[],
  ids: Map<string, number>,
): Promise<void> {
  if (fresh.length === 0) return;
  const { rows } = await client.query<{ last: number }>(
    `select setval('derivations_id_seq', nextval('derivations_id_seq') + $1 - 1) as last`,
    [fresh.length],
  );
  const first = (rows[0]?.last ?? 0) - fresh.length + 1;
  fresh.forEach((derivation, index) => ids.set(derivation.path, first + index));
}

function idOf(ids: ReadonlyMap<string, number>, path: string): number {
  const id = ids.get(path);
  invariant(id !== undefined, `${path} is ingested before what it needs`);
  return id;
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
