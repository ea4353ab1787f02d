/**
 * What is known of the outputs of attempts that end together, and what is told of those that have
 * succeeded: when the transaction commits, their narinfos are visible.
 */
import type { AttemptId } from '#domain/ids.js';
import type { OutputFacts, ReportedPath } from '#domain/build/judge-report.js';
import type { Row } from './database.js';

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

export interface OfferedRow extends Row {
  store_id: number;
  path: string;
  nar_hash: string;
}

export interface WithdrawnRow extends Row {
  store_id: number;
  hash_part: string;
}

export interface ReliedRow extends Row {
  store_id: number;
  path: string;
}

export interface UploadRow extends OfferedRow {
  principal: string;
}

export interface ExpectedRow extends Row {
  derivation_id: number;
  name: string;
  path: string | null;
}

export interface KnownRow extends Row {
  expected: ExpectedRow[] | null;
  uploaded: UploadRow[] | null;
  offered: OfferedRow[] | null;
  withdrawn: WithdrawnRow[] | null;
  relied: ReliedRow[] | null;
}

/** What is known of the outputs of several attempts; grows as one after the other is settled. */
export class OutputsKnown {
  private readonly expected: Map<number, ExpectedRow[]>;
  private readonly uploaded: Map<string, Map<string, string>>;
  private readonly offered: Map<number, Map<string, string>>;

  private readonly withdrawn: ReadonlySet<string>;
  private readonly relied: Map<number, ReliedRow[]>;

  constructor({ expected, uploaded, offered, withdrawn, relied }: KnownRow) {
    this.expected = Map.groupBy(expected ?? [], (row) => row.derivation_id);
    this.uploaded = hashesBy(uploaded ?? [], (row) => `${row.principal} ${row.store_id}`);
    this.offered = hashesBy(offered ?? [], (row) => row.store_id);
    this.relied = Map.groupBy(relied ?? [], (row) => row.store_id);
    this.withdrawn = new Set((withdrawn ?? []).map((row) => `${row.store_id} ${row.hash_part}`));
  }

  of(place: OutputsOf): OutputFacts {
    return {
      expected: (this.expected.get(place.build) ?? []).map(({ name, path }) => ({ name, path })),
      uploaded: this.uploadsOf(place),
      offered: this.offered.get(place.store) ?? new Map(),
      relied: new Set((this.relied.get(place.store) ?? []).map(({ path }) => path)),
    };
  }

  /** Reported outputs whose bytes are not those that are offered. */
  differing(place: OutputsOf): Differing[] {
    const offered = this.offered.get(place.store);
    return place.reported.flatMap(({ path, narHash }) => {
      const kept = offered?.get(path);
      return kept === undefined || kept === narHash ? [] : [{ place, path, kept, narHash }];
    });
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

  /** A content-addressed output has no path before it is built. */
  lacksPath(build: number, name: string): boolean {
    const outputs = this.expected.get(build) ?? [];
    return outputs.some((output) => output.name === name && output.path === null);
  }

  /** It was offered, and is not any more. */
  isWithdrawn(store: number, path: string): boolean {
    return this.withdrawn.has(`${store} ${path.slice(0, 32)}`);
  }

  private uploadsOf(place: OutputsOf): ReadonlyMap<string, string> {
    return this.uploaded.get(`${principalOf(place.attempt)} ${place.store}`) ?? new Map();
  }
}

export interface Differing {
  readonly place: OutputsOf;
  readonly path: string;
  /** The hash of what is offered. */
  readonly kept: string;
  readonly narHash: string;
}

/** The values of `noteDiffering`; null when every output is as it is offered. */
export function differingValues(differing: readonly Differing[]): unknown[][] | null {
  if (differing.length === 0) return null;
  return [
    differing.map(({ place }) => place.store),
    differing.map(({ path }) => path),
    differing.map(({ kept }) => kept),
    differing.map(({ narHash }) => narHash),
    differing.map(({ place }) => principalOf(place.attempt)),
  ];
}

/** The values of `noteSandboxed`; null when there is nothing to note. */
export function sandboxedValues(places: readonly OutputsOf[]): unknown[][] | null {
  if (places.length === 0) return null;
  const made = places.flatMap((place) => place.reported.map(({ path }) => ({ place, path })));
  return [
    made.map(({ place }) => place.store),
    made.map(({ path }) => path.slice(0, 32)),
    made.map(({ place }) => place.attempt),
  ];
}

/** The values $15 to $21 of `writeEnds`. */
export function offerValues(places: readonly OutputsOf[]): unknown[][] {
  const told = places.flatMap((place) => place.reported.map((output) => ({ place, output })));
  const references = told.flatMap(({ place, output }) =>
    output.references.map((reference) => ({ of: place.attempt, path: output.path, reference })),
  );
  return [
    told.map(({ place }) => place.attempt),
    told.map(({ place }) => place.store),
    told.map(({ place }) => place.deriver),
    told.map(({ output }) => output.path),
    references.map((one) => one.of),
    references.map((one) => one.path),
    references.map((one) => one.reference),
  ];
}

/** The values of `learnOutputs`; null when every path was known. */
export function learntValues(
  places: readonly OutputsOf[],
  known: OutputsKnown,
): unknown[][] | null {
  const learnt = places.flatMap(({ build, reported }) =>
    reported
      .filter(({ name }) => known.lacksPath(build, name))
      .map(({ name, path }) => ({ build, name, path })),
  );
  if (learnt.length === 0) return null;
  return [
    learnt.map(({ build }) => build),
    learnt.map(({ name }) => name),
    learnt.map(({ path }) => path),
  ];
}

/** The values of `forgetWithdrawn`; null when nothing of it was withdrawn. */
export function withdrawnValues(
  places: readonly OutputsOf[],
  known: OutputsKnown,
): unknown[][] | null {
  const again = places.flatMap(({ store, reported }) =>
    reported
      .filter(({ path }) => known.isWithdrawn(store, path))
      .map(({ path }) => ({ store, part: path.slice(0, 32) })),
  );
  if (again.length === 0) return null;
  return [again.map(({ store }) => store), again.map(({ part }) => part)];
}

export function principalOf(attempt: AttemptId): string {
  return `attempt-${attempt}`;
}

function hashesBy<Key, R extends { readonly path: string; readonly nar_hash: string }>(
  rows: readonly R[],
  keyOf: (row: R) => Key,
): Map<Key, Map<string, string>> {
  const groups = new Map<Key, Map<string, string>>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group) group.set(row.path, row.nar_hash);
    else groups.set(key, new Map([[row.path, row.nar_hash]]));
  }
  return groups;
}
