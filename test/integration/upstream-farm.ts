/** A farm's ingest and mirror over real Postgres, with upstreams over real HTTP. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { DiskNarStore } from '#adapters/nar-store/disk/disk-nar-store.js';
import { ZstdNarMeter } from '#adapters/nar-store/zstd-nar-meter.js';
import { PostgresBeliefStore } from '#adapters/postgres/belief-store.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresIngestStore } from '#adapters/postgres/ingest-store.js';
import { PostgresMirrorShelf } from '#adapters/postgres/mirror-shelf.js';
import { PostgresSubstitutionStore } from '#adapters/postgres/substitution-store.js';
import { PostgresUpstreamStore } from '#adapters/postgres/upstream-store.js';
import { PostgresWaitingBuilds } from '#adapters/postgres/waiting-builds.js';
import { UpstreamHttp } from '#adapters/upstream/upstream-http.js';
import { askForWaiting } from '#application/ask-for-waiting.js';
import { UpstreamQuestions } from '#application/ask-upstreams.js';
import { EvaluationFates } from '#application/evaluation-fates.js';
import { ClosureMirror } from '#application/mirror-closure.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { IngestDerivation, IngestJob } from '#application/ports/ingest-store.js';
import { renewBeliefs } from '#application/renew-beliefs.js';
import { BuildSubstituter } from '#application/substitute-builds.js';
import { registrationOrder } from '#domain/evaluation/registration.js';
import { id, type EvaluationId, type Fence } from '#domain/ids.js';
import type { TestPostgres } from '#testkit/postgres.js';
import { basenameOfName } from '#testkit/upstream-server.js';

/** What is made of what: names, inputs first or not. */
export type Recipes = Readonly<Record<string, readonly string[]>>;

export interface BuildState {
  readonly status: string;
  readonly reason: string | null;
  readonly held: boolean;
}

export const outputOf = (name: string): string => basenameOfName(name);
export const derivationOf = (name: string): string => basenameOfName(`${name}.drv`);

export class UpstreamFarm {
  /** The base name of what a recipe yields. */
  outputOf: (name: string) => string = outputOf;
  readonly told: string[] = [];
  readonly upstreams: PostgresUpstreamStore;
  readonly substitutions: PostgresSubstitutionStore;
  readonly client = new UpstreamHttp({ pause: 50 });
  readonly questions: UpstreamQuestions;
  private readonly ingest: PostgresIngestStore;
  private readonly mirror: ClosureMirror;
  private evaluations = 0;

  private constructor(
    readonly database: Database,
    readonly directory: string,
    private readonly drop: () => Promise<void>,
  ) {
    this.upstreams = new PostgresUpstreamStore(database);
    this.substitutions = new PostgresSubstitutionStore(database, 'one');
    this.ingest = new PostgresIngestStore(database);
    const { upstreams, client } = this;
    const now = (): number => performance.now();
    this.questions = new UpstreamQuestions({ store: upstreams, client, now });
    this.mirror = new ClosureMirror({
      ...{ upstreams, client, questions: this.questions },
      shelf: new PostgresMirrorShelf(database),
      nars: new DiskNarStore(join(directory, 'nars')),
      startMeter: () => new ZstdNarMeter({ largestNar: 1 << 20 }),
    });
  }

  static async open(postgres: TestPostgres): Promise<UpstreamFarm> {
    const fresh = await postgres.freshDatabase();
    return UpstreamFarm.over(fresh.url, fresh.drop);
  }

  /** Beside other parts of a farm. */
  static async over(url: string, drop = async (): Promise<void> => {}): Promise<UpstreamFarm> {
    const database = new Database(url, 6);
    await database.execute(`insert into specifications (name, version) values ('demo', 1)`);
    await database.execute(
      `insert into specification_versions (specification_id, version, document)
       select id, 1, '{}' from specifications`,
    );
    const directory = await mkdtemp(join(tmpdir(), 'gambeson-upstreams-'));
    return new UpstreamFarm(database, directory, drop);
  }

  async close(): Promise<void> {
    await this.database.close();
    await this.drop();
    await rm(this.directory, { recursive: true, force: true });
  }

  async addUpstream(url: string, key: string, slug = 'nix'): Promise<void> {
    await this.database.execute(
      `insert into upstreams (store_id, url, public_keys, timeout_seconds)
       select id, $1, array[$2], 0.7 from stores where slug = $3`,
      [url, key, slug],
    );
  }

  /** Registers the recipes' closure of the wished, as one reading of an evaluation would. */
  async evaluate(recipes: Recipes, wished: readonly string[], slug = 'nix'): Promise<void> {
    const { outputOf: named } = this;
    const lease = await this.lease();
    const names = closureOf(recipes, wished);
    const known = await this.ingest.known(slug, names.map(derivationOf));
    const fresh = names.filter((name) => !known.has(derivationOf(name)));
    const byPath = new Map(names.map((name) => [`/x/${derivationOf(name)}`, name]));
    const files = {
      outlineOf: async (path: string) => {
        const name = byPath.get(path)!;
        const inputs = recipes[name]!.map((input) => `/x/${derivationOf(input)}`);
        return { ok: true as const, value: { outputs: [named(name)], inputs } };
      },
    };
    const { questions, upstreams: store } = this;
    const reading = new EvaluationFates({ questions, store }, { slug, files });
    const roots = wished.map((name) => `/x/${derivationOf(name)}`);
    const told = new Set(fresh.map((name) => `/x/${derivationOf(name)}`));
    const fates = await reading.decide(roots, told);
    const nodes = fresh.map((name) => ({ path: name, inputs: recipes[name]! }));
    const { ordered } = registrationOrder(nodes);
    await this.ingest.ingest(lease, {
      ...{ storeSlug: slug, pack: null, priority: 5, fates },
      limits: { timeoutSeconds: 100, maxSilentSeconds: 50 },
      derivations: ordered.map((name) => derivation(name, recipes[name]!, named(name))),
      jobs: wished.map(job),
    });
    await this.database.execute(`update evaluations set status = 'succeeded'`);
  }

  /** All passes until there is nothing more to fetch now. */
  async fetch(): Promise<void> {
    const { substitutions: store, upstreams, questions, client, mirror } = this;
    const bus = { publish: async () => undefined };
    const tell = (sentence: string): void => void this.told.push(sentence);
    const parts = { store, upstreams, questions, client, mirror, bus, tell };
    const substituter = new BuildSubstituter(parts);
    while (await substituter.pass()) await substituter.settled();
  }

  /** Fetches paths that no build stands for. */
  bring(slug: string, paths: readonly string[]): Promise<void> {
    return this.mirror.bring(slug, paths);
  }

  /** Asks for what waits, as if ten minutes had gone by. */
  async askForWaiting(): Promise<void> {
    await this.database.execute(`update builds set scheduled_at = now() - interval '1 hour'`);
    const { upstreams: store, client, database } = this;
    // Another process: it remembers no misses.
    const now = (): number => performance.now();
    const questions = new UpstreamQuestions({ store, client, now });
    const waiting = new PostgresWaitingBuilds(database);
    const bus = { publish: async () => undefined };
    expect(await askForWaiting({ waiting, questions, bus }, null)).toBeNull();
  }

  /** Asks anew for all that is old, until nothing is. */
  async renew(): Promise<void> {
    await this.database.execute(`update upstream_paths set look_after = '-infinity'`);
    const { substitutions: store, upstreams, questions, client, database } = this;
    const tell = (sentence: string): void => void this.told.push(sentence);
    const bus = { publish: async () => undefined };
    const beliefs = new PostgresBeliefStore(database);
    while (await renewBeliefs({ store, upstreams, questions, client, beliefs, bus, tell }));
  }

  async state(name: string): Promise<BuildState> {
    const [row] = await this.database.query<{ status: string; reason: string; held: boolean }>(
      `select b.status, b.reason, coalesce(b.not_before > now(), false) as held
         from builds b join derivations d on d.id = b.id where d.path = $1`,
      [derivationOf(name)],
    );
    return row!;
  }

  /** Status by name, with `held` for what waits for its fetch. */
  async statuses(...names: string[]): Promise<Record<string, string>> {
    const states = await Promise.all(names.map((name) => this.state(name)));
    const word = ({ status, held }: BuildState): string => (held ? 'held' : status);
    return Object.fromEntries(names.map((name, at) => [name, word(states[at]!)]));
  }

  async buildOf(name: string): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(
      'select id from derivations where path = $1',
      [derivationOf(name)],
    );
    return row!.id;
  }

  async offered(): Promise<string[]> {
    const rows = await this.database.query<{ path: string; origin: string }>(
      'select path, origin from store_paths order by id',
    );
    return rows.map(({ path, origin }) => `${path.slice(33)} ${origin}`);
  }

  private async lease(): Promise<EvaluationLease> {
    this.evaluations += 1;
    const fence = String(this.evaluations).padStart(16, '0') as Fence;
    const rows = await this.database.query<{ id: number }>(
      `insert into evaluations (specification_id, specification_version, revisions_digest, try,
                                trigger, status, lease_fence)
       select id, 1, 'x', $1, 'poll', 'started', $2 from specifications returning id`,
      [this.evaluations, fence],
    );
    const evaluation = id<EvaluationId>(rows[0]!.id);
    await this.database.query('select ensure_evaluation_partitions($1)', [evaluation]);
    return { evaluation, fence };
  }
}

function closureOf(recipes: Recipes, wished: readonly string[]): string[] {
  const seen = new Set(wished);
  for (const name of seen) for (const input of recipes[name]!) seen.add(input);
  return [...seen];
}

function derivation(name: string, inputs: readonly string[], output: string): IngestDerivation {
  return {
    ...{ path: derivationOf(name), name, packageName: name, system: 'x86_64-linux' },
    ...{ requiredFeatures: [], fixedOutput: false, inputs: inputs.map(derivationOf) },
    outputs: [{ name: 'out', path: output }],
  };
}

function job(name: string): IngestJob {
  const derivation = derivationOf(name);
  return { name, system: 'x86_64-linux', derivation, error: null, meta: {}, limits: null };
}
