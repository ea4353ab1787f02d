/** Writes new derivations with their outputs, edges and builds, by COPY. */
import { invariant } from '#std/invariant.js';
import type { BuildLimits } from '#domain/build/limits.js';
import type { IngestDerivation } from '#application/ports/ingest-store.js';
import { copyRows } from './copy.js';
import type { Client } from './database.js';

export interface NewDerivations {
  readonly evaluation: number;
  readonly store: number;
  readonly pack: number | null;
  readonly limits: BuildLimits;
  readonly priority: number;
  /** Base name → id, of everything that the new derivations name. */
  readonly ids: ReadonlyMap<string, number>;
  readonly fresh: readonly IngestDerivation[];
  /** The limits of builds that jobs name; those of the others are `limits`. */
  readonly named: ReadonlyMap<number, BuildLimits>;
}

type Numbered = readonly [id: number, derivation: IngestDerivation];

export async function writeDerivations(client: Client, work: NewDerivations): Promise<void> {
  if (work.fresh.length === 0) return;
  const { store, pack } = work;
  const numbered = work.fresh.map((d): Numbered => [work.ids.get(d.path) ?? 0, d]);
  const offered = await offeredPaths(client, work);
  await copyRows(
    client,
    `derivations (id, store_id, path, name, package_name, system, required_features,
                  fixed_output, pack_id)`,
    map(numbered, ([id, d]) => [
      ...[id, store, d.path, d.name, d.packageName, d.system],
      ...[d.requiredFeatures, d.fixedOutput, pack],
    ]),
  );
  await copyRows(client, 'outputs (derivation_id, name, store_id, path)', outputRows(work, numbered));
  await copyRows(client, 'derivation_inputs (derivation_id, input_id)', edgeRows(work, numbered));
  await copyRows(client, buildColumns, buildRows(work, numbered, offered));
}

const buildColumns = `builds (id, evaluation_id, status, priority, timeout_seconds,
                              max_silent_seconds, ended_at)`;

function* map<T, U>(items: Iterable<T>, change: (item: T) => U): Generator<U> {
  for (const item of items) yield change(item);
}

function* outputRows(work: NewDerivations, numbered: readonly Numbered[]) {
  for (const [id, derivation] of numbered) {
    for (const output of derivation.outputs) yield [id, output.name, work.store, output.path];
  }
}

function* edgeRows(work: NewDerivations, numbered: readonly Numbered[]) {
  for (const [id, derivation] of numbered) {
    for (const input of new Set(derivation.inputs)) {
      const inputId = work.ids.get(input);
      invariant(inputId !== undefined, `${derivation.path} is ingested before ${input}`);
      yield [id, inputId];
    }
  }
}

function* buildRows(
  work: NewDerivations,
  numbered: readonly Numbered[],
  offered: ReadonlySet<string>,
) {
  const now = new Date().toISOString();
  for (const [id, { outputs }] of numbered) {
    const there = offered.size > 0 && outputs.every((o) => o.path !== null && offered.has(o.path));
    const limits = work.named.get(id) ?? work.limits;
    yield [
      ...[id, work.evaluation, there ? 'succeeded' : 'scheduled', work.priority],
      ...[limits.timeoutSeconds, limits.maxSilentSeconds],
      there ? now : null,
    ];
  }
}

/** Those of the new derivations' output paths that can be downloaded already. */
async function offeredPaths(client: Client, work: NewDerivations): Promise<Set<string>> {
  const paths = work.fresh.flatMap((d) => d.outputs.flatMap((o) => o.path ?? []));
  if (paths.length === 0) return new Set();
  const { rows } = await client.query<{ path: string }>(
    `select s.path from unnest(string_to_array($2, ' ')) p (path)
       join store_paths s on s.store_id = $1 and s.hash_part = left(p.path, 32)
      where s.path = p.path`,
    [work.store, paths.join(' ')],
  );
  return new Set(rows.map((row) => row.path));
}
