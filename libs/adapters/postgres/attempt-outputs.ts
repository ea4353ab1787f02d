/**
 * From the uploads of attempts to offered paths, inside the transaction that ends them: when it
 * commits, the narinfos are visible. What is offered already stays as it is. All attempts of a
 * transaction are read and written together, since a round trip costs more than what it asks.
 */
import type { AttemptId } from '#domain/ids.js';
import type { OutputFacts, ReportedPath } from '#domain/build/judge-report.js';
import type { Client, Row } from './database.js';

/** Whose outputs, and where they go. */
export interface OutputsOf {
  readonly attempt: AttemptId;
  /** Also the derivation's id. */
  readonly build: number;
  readonly store: number;
  /** Base name of the `.drv`. */
  readonly deriver: string;
  readonly reported: readonly ReportedPath[];
}

interface OfferedRow extends Row {
  store_id: number;
  path: string;
  nar_hash: string;
}

interface UploadRow extends OfferedRow {
  principal: string;
}

interface ExpectedRow extends Row {
  derivation_id: number;
  name: string;
  path: string | null;
}

interface KnownRow extends Row {
  expected: ExpectedRow[] | null;
  uploaded: UploadRow[] | null;
  offered: OfferedRow[] | null;
}

/** Shared locks keep what is referred to from being collected before this commits. */
const readAll = `
  with told as (
    select derivation_id, name, path from outputs where derivation_id = any ($1) order by name),
  brought as (
    select principal, store_id, path, nar_hash from uploads where principal = any ($2)),
  there as (
    select store_id, path, nar_hash from store_paths
     where store_id = any ($3) and hash_part = any ($4) and path = any ($5)
     order by id for key share)
  select (select jsonb_agg(t order by t.name) from told t) as expected,
         (select jsonb_agg(t) from brought t) as uploaded,
         (select jsonb_agg(t) from there t) as offered`;

/** What is known of the outputs of several attempts; grows as one after the other is settled. */
export class OutputsKnown {
  private readonly expected: Map<number, ExpectedRow[]>;
  private readonly uploaded: Map<string, Map<string, string>>;
  private readonly offered: Map<number, Map<string, string>>;

  constructor(expected: ExpectedRow[], uploaded: UploadRow[], offered: OfferedRow[]) {
    this.expected = Map.groupBy(expected, (row) => row.derivation_id);
    this.uploaded = hashesBy(uploaded, (row) => `${row.principal} ${row.store_id}`);
    this.offered = hashesBy(offered, (row) => row.store_id);
  }

  of(place: OutputsOf): OutputFacts {
    return {
      expected: (this.expected.get(place.build) ?? []).map(({ name, path }) => ({ name, path })),
      uploaded: this.uploadsOf(place),
      offered: this.offered.get(place.store) ?? new Map(),
    };
  }

  /** The attempt has succeeded: what it brought is there for those that are settled after it. */
  offer(place: OutputsOf): void {
    const offered = this.offered.get(place.store) ?? new Map<string, string>();
    this.offered.set(place.store, offered);
    const uploads = this.uploadsOf(place);
    for (const { path } of place.reported) {
      const hash = uploads.get(path);
      if (hash !== undefined && !offered.has(path)) offered.set(path, hash);
    }
  }

  private uploadsOf(place: OutputsOf): ReadonlyMap<string, string> {
    return this.uploaded.get(`${principalOf(place.attempt)} ${place.store}`) ?? new Map();
  }
}

export async function readOutputsKnown(
  client: Client,
  places: readonly OutputsOf[],
): Promise<OutputsKnown> {
  if (places.length === 0) return new OutputsKnown([], [], []);
  const reported = places.flatMap((place) => place.reported);
  const wanted = new Set(reported.flatMap((output) => [output.path, ...output.references]));
  const stores = new Set(places.map((place) => place.store));
  const { rows } = await client.query<KnownRow>(readAll, [
    places.map((place) => place.build),
    places.map((place) => principalOf(place.attempt)),
    [...stores],
    [...wanted].map((path) => path.slice(0, 32)),
    [...wanted],
  ]);
  const { expected, uploaded, offered } = rows[0]!;
  return new OutputsKnown(expected ?? [], uploaded ?? [], offered ?? []);
}

const offerAll = `
  with told as (
    select * from unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[],
                         $6::text[]) t (attempt, build, store, deriver, name, path)),
  made as (
    insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, attempt_id)
    select u.store_id, left(u.path, 32), u.path, u.nar_hash, u.nar_size, t.deriver, t.attempt
      from told t join uploads u on u.principal = 'attempt-' || t.attempt
                                and u.store_id = t.store and u.path = t.path
     where u.principal = any ($7)
     order by u.store_id, u.path
    on conflict (store_id, hash_part) do nothing returning id, store_id, path, attempt_id),
  packed as (
    insert into nars (path_id, compression, file_hash, file_size, file_key)
    select m.id, u.compression, u.file_hash, u.file_size, u.file_key
      from made m join uploads u on u.principal = 'attempt-' || m.attempt_id
                                and u.store_id = m.store_id and u.path = m.path
     where u.principal = any ($7)),
  referring as (
    insert into store_path_references (path_id, reference)
    select distinct m.id, r.reference
      from made m join unnest($8::bigint[], $9::text[], $10::text[]) r (attempt, path, reference)
                    on r.attempt = m.attempt_id and r.path = m.path)
  update outputs o set path = t.path from told t
   where o.derivation_id = any ($2) and o.derivation_id = t.build and o.name = t.name
     and o.path is distinct from t.path`;

/**
 * Offers what is not offered yet, in the order of paths, so that two transactions never wait
 * crosswise, and lets every output know its path.
 */
export async function offerOutputs(client: Client, places: readonly OutputsOf[]): Promise<void> {
  if (places.length === 0) return;
  const told = places.flatMap((place) => place.reported.map((output) => ({ place, output })));
  const references = told.flatMap(({ place, output }) =>
    output.references.map((reference) => ({ of: place.attempt, path: output.path, reference })),
  );
  await client.query(offerAll, [
    told.map(({ place }) => place.attempt),
    told.map(({ place }) => place.build),
    told.map(({ place }) => place.store),
    told.map(({ place }) => place.deriver),
    told.map(({ output }) => output.name),
    told.map(({ output }) => output.path),
    places.map((place) => principalOf(place.attempt)),
    references.map((one) => one.of),
    references.map((one) => one.path),
    references.map((one) => one.reference),
  ]);
}

export function principalOf(attempt: AttemptId): string {
  return `attempt-${attempt}`;
}

function hashesBy<Key, R extends { readonly path: string; readonly nar_hash: string }>(
  rows: readonly R[],
  keyOf: (row: R) => Key,
): Map<Key, Map<string, string>> {
  const groups = Map.groupBy(rows, keyOf);
  return new Map(
    [...groups].map(([key, group]) => [key, new Map(group.map((r) => [r.path, r.nar_hash]))]),
  );
}
