/** Writes new derivations with their outputs, edges and builds, by COPY. */
import type { BuildLimits } from '#domain/build/limits.js';
import type { IngestDerivation, IngestFates } from '#application/ports/ingest-store.js';
import {
  arrayColumn,
  copyLines,
  copyMeanwhile,
  copyPairs,
  nullColumn,
  textColumns,
} from './copy.js';
import { adoptOutputs } from './adopted-paths.js';
import type { Client } from './database.js';
import { firstRow, type FirstRow, type StoreGround } from './ingest-fates.js';
import { BatchEdges, type BatchIds } from './ingest-ids.js';

export interface NewDerivations {
  readonly evaluation: number;
  readonly store: number;
  readonly ground: StoreGround;
  readonly fates: IngestFates | null;
  readonly pack: number | null;
  readonly limits: BuildLimits;
  readonly priority: number;
  readonly ids: BatchIds;
  readonly fresh: readonly IngestDerivation[];
  /** The id of the first of them; the others follow. */
  readonly first: number;
  /** The limits of builds that jobs name; those of the others are `limits`. */
  readonly named: ReadonlyMap<number, BuildLimits>;
}

type Numbered = readonly [id: number, derivation: IngestDerivation];

/** While the server takes the first COPY, the rows of the others are made. */
export async function writeDerivations(client: Client, work: NewDerivations): Promise<BatchEdges> {
  if (work.fresh.length === 0) return new BatchEdges(work.ids, []);
  const numbered = work.fresh.map((d, at): Numbered => [work.first + at, d]);
  await adoptOutputs(client, { store: work.store, derivations: work.fresh });
  const offered = await offeredPaths(client, work);
  let edges = new BatchEdges(work.ids, []);
  let outputs: string[] = [];
  let builds: string[] = [];
  await copyMeanwhile(client, {
    target: derivationColumns,
    lines: derivationLines(work, numbered),
    meanwhile: () => {
      outputs = [...outputLines(work, numbered)];
      builds = [...buildLines(work, numbered, offered)];
      edges = new BatchEdges(work.ids, work.fresh, work.first);
    },
  });
  await copyLines(client, 'outputs (derivation_id, store_id, name, path)', outputs);
  await copyLines(client, buildColumns, builds);
  await edges.complete();
  await copyPairs(client, 'derivation_inputs (derivation_id, input_id)', edges.pairs);
  return edges;
}

const derivationColumns = `derivations (id, store_id, path, name, package_name, system,
                                        required_features, fixed_output, pack_id, sources)`;
const buildColumns = `builds (id, evaluation_id, status, reason, priority, timeout_seconds,
                              max_silent_seconds, ended_at, not_before)`;

/** What Postgres reads as the time of its transaction. */
const databaseTime = 'now';

type Lines = Generator<string, void, undefined>;

function* derivationLines(work: NewDerivations, numbered: readonly Numbered[]): Lines {
  const pack = work.pack ?? nullColumn;
  for (const [id, d] of numbered) {
    const names = textColumns(d.path, d.name, d.packageName, d.system);
    const needs = arrayColumn(d.requiredFeatures);
    const sources = d.sources === undefined ? nullColumn : arrayColumn(d.sources);
    const facts = `${needs}\t${d.fixedOutput ? 't' : 'f'}\t${pack}\t${sources}`;
    yield `${id}\t${work.store}\t${names}\t${facts}`;
  }
}

function* outputLines(work: NewDerivations, numbered: readonly Numbered[]): Lines {
  for (const [id, derivation] of numbered) {
    for (const { name, path } of derivation.outputs) {
      yield `${id}\t${work.store}\t${textColumns(name, path)}`;
    }
  }
}

function* buildLines(
  work: NewDerivations,
  numbered: readonly Numbered[],
  offered: ReadonlySet<string>,
): Lines {
  for (const [id, { path, outputs }] of numbered) {
    const there = offered.size > 0 && outputs.every((o) => o.path !== null && offered.has(o.path));
    const { timeoutSeconds, maxSilentSeconds } = work.named.get(id) ?? work.limits;
    const row = there ? offeredAlready : firstRow(path, work.fates, work.ground);
    const state = `${row.status}\t${row.reason ?? nullColumn}`;
    const limits = `${work.priority}\t${timeoutSeconds}\t${maxSilentSeconds}`;
    const times = `${row.isOver ? databaseTime : nullColumn}\t${row.notBefore ?? nullColumn}`;
    yield `${id}\t${work.evaluation}\t${state}\t${limits}\t${times}`;
  }
}

const offeredAlready: FirstRow = {
  status: 'succeeded',
  reason: null,
  isOver: true,
  notBefore: null,
};

/** Those of the new derivations' output paths that can be downloaded already. */
async function offeredPaths(client: Client, work: NewDerivations): Promise<Set<string>> {
  const paths = work.fresh.flatMap((d) => d.outputs.flatMap((o) => o.path ?? []));
  if (paths.length === 0) return new Set();
  const { rows } = await client.query<{ path: string }>(
    `select path from store_paths
      where store_id = $1 and hash_part = any(string_to_array($2, ' '))
        and withdrawn_at is null`,
    [work.store, paths.map((path) => path.slice(0, 32)).join(' ')],
  );
  return new Set(rows.map((row) => row.path));
}
