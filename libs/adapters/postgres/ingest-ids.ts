/**
 * The ids of derivations by base name, within one batch: what the reading remembers, what the batch
 * finds, and what it reserves. Each name is looked up once, since a large evaluation has millions
 * of edges and a miss of the processor's cache for every one of them.
 */
import { invariant } from '#std/invariant.js';
import type { IngestDerivation } from '#application/ports/ingest-store.js';
import type { Ask } from './tell-failures.js';

/**
 * By an array and not by a join: without statistics a join would hash the whole table (46 ms
 * against 12 for 10,000 names among 100,000).
 */
const findRegistered = `
select d.id, d.path from derivations d
 where d.store_id = $1 and d.path = any(string_to_array($2, ' '))`;

/** What is about to go is as good as unknown: whoever needs it registers it anew. */
const findKnown = `${findRegistered}
   and not exists (select from condemned_derivations c where c.derivation_id = d.id)`;

/** What a batch needs is not about to go any more. */
const findAndReprieve = `
with found as materialized (${findRegistered}),
reprieved as (
  delete from condemned_derivations where derivation_id = any(array(select id from found)))
select id, path from found`;

export interface KnownDerivation {
  readonly id: number;
  readonly path: string;
}

/** Those of the paths that are registered and stay so. */
export async function knownDerivations(
  ask: Ask,
  store: number,
  paths: readonly string[],
): Promise<KnownDerivation[]> {
  if (paths.length === 0) return [];
  return (await ask(findKnown, [store, paths.join(' ')])) as KnownDerivation[];
}

export class BatchIds {
  private readonly found = new Map<string, number>();

  constructor(
    private readonly ask: Ask,
    private readonly store: number,
    private readonly remembered: ReadonlyMap<string, number>,
  ) {}

  get(path: string): number | undefined {
    return this.remembered.get(path) ?? this.found.get(path);
  }

  of(path: string): number {
    const id = this.get(path);
    invariant(id !== undefined, `${path} is ingested before what it needs`);
    return id;
  }

  /** What this batch has found and reserved; to be remembered once it is committed. */
  learned(): ReadonlyMap<string, number> {
    return this.found;
  }

  /** Asks for those that nobody has told yet; what is not registered stays unknown. */
  async look(paths: Iterable<string>): Promise<void> {
    const unknown = [...paths].filter((path) => this.get(path) === undefined);
    if (unknown.length === 0) return;
    const known = (await this.ask(findAndReprieve, [
      this.store,
      unknown.join(' '),
    ])) as KnownDerivation[];
    for (const { id, path } of known) this.found.set(path, id);
  }

  /** Gives each new derivation its id, in the order of the batch: answers the first. */
  async reserve(fresh: readonly IngestDerivation[]): Promise<number> {
    if (fresh.length === 0) return 0;
    const rows = await this.ask(
      `select setval('derivations_id_seq', nextval('derivations_id_seq') + $1 - 1) as last`,
      [fresh.length],
    );
    const { last } = rows[0] as { last: number };
    const first = last - fresh.length + 1;
    fresh.forEach((derivation, index) => this.found.set(derivation.path, first + index));
    return first;
  }
}

/** The builds that a batch lists: new ones, whose ids follow each other, and known ones. */
export class ListedBuilds {
  readonly size: number;
  private readonly known: ReadonlySet<number>;

  constructor(
    readonly first: number,
    readonly fresh: number,
    readonly repeated: readonly number[],
  ) {
    this.known = new Set(repeated);
    this.size = fresh + this.known.size;
  }

  has(build: number): boolean {
    return (build >= this.first && build < this.first + this.fresh) || this.known.has(build);
  }

  all(): number[] {
    const fresh = Array.from({ length: this.fresh }, (_, at) => this.first + at);
    return [...this.repeated, ...fresh];
  }
}

const nobody: ReadonlySet<number> = new Set();

/** The edges of new derivations, whose ids follow each other. */
export class BatchEdges {
  /** Pairs, one after the other: a new derivation and an input of it. */
  readonly pairs: number[] = [];
  private readonly unknown: { readonly at: number; readonly path: string }[] = [];

  constructor(
    private readonly ids: BatchIds,
    fresh: readonly IngestDerivation[],
    first = 0,
  ) {
    fresh.forEach(({ inputs }, at) => {
      for (const input of inputs) {
        const found = ids.get(input);
        if (found === undefined) this.unknown.push({ at: this.pairs.length + 1, path: input });
        this.pairs.push(first + at, found ?? 0);
      }
    });
  }

  /** Asks for the inputs that nobody has told yet. */
  async complete(): Promise<void> {
    await this.ids.look(new Set(this.unknown.map((one) => one.path)));
    for (const { at, path } of this.unknown) this.pairs[at] = this.ids.of(path);
  }

  /** The builds that the edges need, but for those that are seen to; idle builds need nothing. */
  needed(isSeenTo: (build: number) => boolean, idle: ReadonlySet<number> = nobody): Set<number> {
    const needed = new Set<number>();
    for (let at = 1; at < this.pairs.length; at += 2) {
      const build = this.pairs[at] ?? 0;
      if (!isSeenTo(build) && !(idle.size > 0 && idle.has(this.pairs[at - 1]!))) needed.add(build);
    }
    return needed;
  }
}
