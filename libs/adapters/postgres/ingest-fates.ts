/**
 * What becomes of the builds of a batch that need not be built. In a store that mirrors, what an
 * upstream has is held until it was fetched (`substitutions`); in one that relies on its upstreams
 * it has succeeded at once. What nothing needs is written as canceled, so that whoever comes to
 * need it finds it like any other build that was given up.
 */
import type { SavedReason } from '#domain/build/reason.js';
import type { IngestBatch, IngestFates } from '#application/ports/ingest-store.js';
import type { Client } from './database.js';
import type { BatchIds, ListedBuilds } from './ingest-ids.js';

/** Beside the statuses `succeeded` and `canceled`. */
export const substituted: SavedReason = 'substituted';
export const notNeeded: SavedReason = 'not-needed';

/**
 * Fetches that are under way are held anew before it is over. When nobody fetches any more, which
 * is when no substituter runs, the builds go their way.
 */
export const holdSeconds = 3600;

export interface StoreGround {
  readonly store: number;
  readonly mode: 'mirror' | 'rely';
  /** Text of a timestamp. */
  readonly heldUntil: string;
}

/** A new build's first row, as far as its fate decides it. */
export interface FirstRow {
  readonly status: string;
  readonly reason: string | null;
  readonly isOver: boolean;
  readonly notBefore: string | null;
}

const toBuild: FirstRow = { status: 'scheduled', reason: null, isOver: false, notBefore: null };

export function firstRow(
  path: string,
  fates: IngestFates | null | undefined,
  ground: StoreGround,
): FirstRow {
  if (!fates) return toBuild;
  if (fates.unneeded.has(path)) {
    return { status: 'canceled', reason: notNeeded, isOver: true, notBefore: null };
  }
  if (!fates.substitute.has(path)) return toBuild;
  return ground.mode === 'mirror'
    ? { ...toBuild, notBefore: ground.heldUntil }
    : { status: 'succeeded', reason: substituted, isOver: true, notBefore: null };
}

/** The ids of the batch's builds that need none of their inputs, the registered ones among them. */
export interface IdleBuilds {
  readonly fresh: ReadonlySet<number>;
  readonly registered: ReadonlySet<number>;
}

export const noneIdle: IdleBuilds = { fresh: new Set(), registered: new Set() };

/** After the batch's new builds are written, before demand is renewed. */
export async function applyFates(
  client: Client,
  { batch, ids, listed, ground }: FateWork,
): Promise<IdleBuilds> {
  const { fates } = batch;
  if (!fates) return noneIdle;
  await ids.look([...fates.registered.substitute.keys(), ...fates.registered.build]);
  const idOf = (path: string): number[] => {
    const id = ids.get(path);
    return id === undefined ? [] : [id];
  };
  const own = new Map(batch.derivations.map(({ path }) => [ids.of(path), path]));
  const isFresh = (id: number): boolean => id >= listed.first && id < listed.first + listed.fresh;
  const fetched = new Map<number, boolean>();
  const idle = { fresh: new Set<number>(), registered: new Set<number>() };
  for (const [id, path] of own) {
    const urgent = fates.substitute.get(path);
    if (urgent !== undefined) fetched.set(id, urgent);
    if (urgent === undefined && !fates.unneeded.has(path)) continue;
    (isFresh(id) ? idle.fresh : idle.registered).add(id);
  }
  for (const [path, urgent] of fates.registered.substitute) {
    for (const id of idOf(path)) {
      fetched.set(id, urgent);
      idle.registered.add(id);
    }
  }
  const again = [...fetched.keys()].filter((id) => !isFresh(id));
  await substituteAgain(client, again, ground);
  await scheduleGivenUp(client, [...fates.registered.build].flatMap(idOf));
  if (ground.mode === 'mirror') await wishFetches(client, ground.store, fetched);
  return idle;
}

export interface FateWork {
  readonly batch: IngestBatch;
  readonly ids: BatchIds;
  readonly listed: ListedBuilds;
  readonly ground: StoreGround;
}

const anotherLife = `generation = b.generation + 1, worker_class = null, release_expires_at = null,
         farm_faults = 0, failed_input_id = null, failure_propagated = false,
         scheduled_at = now(), started_at = null`;

const buildAfterAll = `
  with chosen as (
    select b.id from builds b where b.id = any ($1) and b.status = 'canceled'
     order by b.id for no key update)
  update builds b
     set status = 'scheduled', reason = null, not_before = null, ended_at = null, ${anotherLife}
    from chosen where b.id = chosen.id`;

/** Builds that nobody wished for, to be built now. */
export async function scheduleGivenUp(client: Client, builds: readonly number[]): Promise<void> {
  if (builds.length > 0) await client.query(buildAfterAll, [builds]);
}

/** Only what was given up: whatever else became of a build meanwhile stands. */
export async function substituteAgain(
  client: Client,
  builds: readonly number[],
  { mode, heldUntil }: Omit<StoreGround, 'store'>,
): Promise<void> {
  if (builds.length === 0) return;
  const fate =
    mode === 'mirror'
      ? `status = 'scheduled', reason = null, not_before = $2::timestamptz, ended_at = null`
      : `status = 'succeeded', reason = '${substituted}', not_before = null, ended_at = now()`;
  await client.query(
    `with chosen as (
       select b.id from builds b where b.id = any ($1) and b.status = 'canceled'
          and $2::timestamptz is not null
        order by b.id for no key update)
     update builds b set ${fate}, ${anotherLife} from chosen where b.id = chosen.id`,
    [builds, heldUntil],
  );
}

/** Of those that are held; what the farm has meanwhile is not. */
export async function wishFetches(
  client: Client,
  store: number,
  builds: ReadonlyMap<number, boolean>,
): Promise<void> {
  if (builds.size === 0) return;
  await client.query(
    `insert into substitutions (build_id, store_id, urgent)
     select b.id, $1, t.urgent from unnest($2::bigint[], $3::boolean[]) t (build, urgent)
       join builds b on b.id = t.build
      where b.id = any ($2) and b.status = 'scheduled' and b.not_before is not null
     on conflict (build_id) do update set urgent = substitutions.urgent or excluded.urgent`,
    [store, [...builds.keys()], [...builds.values()]],
  );
}
