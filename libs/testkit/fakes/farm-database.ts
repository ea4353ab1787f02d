/**
 * The farm's database in memory: tables with the keys and unique constraints of the schema, a clock
 * that stands until it is set, and transactions that are undone whole when their work throws.
 * Sequences are not undone, as in Postgres. Work is synchronous, so transactions are serial.
 */
import type { BuildId, EvaluationId, SpecificationId } from '#domain/ids.js';
import type {
  AttemptRow,
  BuildRow,
  DerivationRow,
  DurationRow,
  EvaluationRow,
  IntentRow,
  JobRow,
  LeaseRow,
  PathRow,
  SpecificationWish,
  UploadRow,
  WorkerRow,
} from '../farm-subject.js';

/** As Postgres refuses a row: SQLSTATE 23505 and the name of the constraint. */
export class ConstraintBroken extends Error {
  readonly code = '23505';

  constructor(readonly constraint: string) {
    super(`duplicate key value violates unique constraint ${constraint}`);
  }
}

type Key = string | number;
type KeyOf<Row> = (row: Row) => Key | null;

/** Undoes one change. */
type Undo = () => void;

export class Table<Row extends object> {
  private readonly indexes = new Map<string, Map<Key, Row>>();
  private readonly names: readonly string[];
  /** Rows that the transaction has changed, and whether it made them. */
  readonly touched = new Map<Row, boolean>();

  /** The first key is the primary one; a null key is not indexed. */
  constructor(
    private readonly journal: Undo[],
    private readonly keys: Readonly<Record<string, KeyOf<Row>>>,
  ) {
    this.names = Object.keys(keys);
    for (const name of this.names) this.indexes.set(name, new Map());
  }

  all(): Row[] {
    return [...this.index(this.names[0]!).values()];
  }

  find(key: Key, by = this.names[0]!): Row | undefined {
    return this.index(by).get(key);
  }

  insert(row: Row): Row {
    for (const name of this.names) this.refuseTaken(name, row);
    this.add(row);
    this.touched.set(row, true);
    this.journal.push(() => this.drop(row));
    return row;
  }

  /** The row itself changes. The caller must not change what the keys read. */
  patch(row: Row, change: Partial<Row>): void {
    const before = { ...row };
    Object.assign(row, change);
    if (!this.touched.has(row)) this.touched.set(row, false);
    this.journal.push(() => Object.assign(row, before));
  }

  remove(row: Row): void {
    this.drop(row);
    this.journal.push(() => this.add(row));
  }

  private refuseTaken(name: string, row: Row): void {
    const key = this.keys[name]!(row);
    if (key !== null && this.index(name).has(key)) throw new ConstraintBroken(name);
  }

  private add(row: Row): void {
    for (const name of this.names) {
      const key = this.keys[name]!(row);
      if (key !== null) this.index(name).set(key, row);
    }
  }

  private drop(row: Row): void {
    for (const name of this.names) {
      const key = this.keys[name]!(row);
      if (key !== null) this.index(name).delete(key);
    }
  }

  private index(name: string): Map<Key, Row> {
    return this.indexes.get(name)!;
  }
}

export interface OutputRow {
  readonly build: BuildId;
  readonly name: string;
  path: string | null;
}

export interface EdgeRow {
  readonly build: BuildId;
  readonly input: BuildId;
}

export interface TokenRow {
  readonly hash: string;
  readonly expiresAt: number;
  used: boolean;
}

export type SpecificationRow = SpecificationWish & { readonly id: SpecificationId };

export type FakeWorkerRow = WorkerRow & {
  credentialHash: string;
  pauseNote: string;
  /** Attempts up to this one are not held against it again. */
  judgedAttempt: number;
};

export class FakeFarmDatabase {
  now = Date.UTC(2026, 10, 20);
  /** Counts the transactions that changed something. */
  version = 0;
  presence: { upSince: number; seenAt: number } | null = null;
  /** Goes on with every cancel of an evaluation's builds. */
  cancelEpoch = 0;
  readonly feed: { version: number; build: BuildId; inserted: boolean }[] = [];
  readonly evaluationFeed: { version: number; evaluation: EvaluationId }[] = [];
  private readonly journal: Undo[] = [];
  private readonly sequences = new Map<string, number>();

  readonly builds = new Table<BuildRow>(this.journal, { builds_pkey: (row) => row.id });
  readonly derivations = new Table<DerivationRow>(this.journal, {
    derivations_pkey: (row) => row.id,
    derivations_store_id_path_key: (row) => row.path,
  });
  readonly edges = new Table<EdgeRow>(this.journal, {
    derivation_inputs_pkey: (row) => `${row.build} ${row.input}`,
  });
  readonly outputs = new Table<OutputRow>(this.journal, {
    outputs_pkey: (row) => `${row.build} ${row.name}`,
  });
  readonly attempts = new Table<AttemptRow>(this.journal, { attempts_pkey: (row) => row.id });
  readonly leases = new Table<LeaseRow>(this.journal, {
    leases_pkey: (row) => row.build,
    leases_attempt_id_key: (row) => row.attempt,
    leases_worker_id_slot_key: (row) => `${row.worker} ${row.slot}`,
  });
  readonly uploads = new Table<UploadRow>(this.journal, {
    uploads_principal_store_id_path_key: (row) => `${row.principal} ${row.path}`,
  });
  readonly paths = new Table<PathRow>(this.journal, {
    store_paths_store_id_hash_part_key: (row) => row.path.slice(0, 32),
  });
  readonly workers = new Table<FakeWorkerRow>(this.journal, {
    workers_pkey: (row) => row.id,
    workers_live_name: (row) => (row.removedAt === null ? row.name : null),
  });
  readonly tokens = new Table<TokenRow>(this.journal, { enrolment_tokens_pkey: (row) => row.hash });
  readonly evaluations = new Table<EvaluationRow>(this.journal, { evaluations_pkey: (r) => r.id });
  readonly specifications = new Table<SpecificationRow>(this.journal, {
    specifications_pkey: (row) => row.id,
  });
  readonly jobs = new Table<JobRow>(this.journal, { jobs_pkey: (row) => row.id });
  readonly intents = new Table<IntentRow>(this.journal, { intents_pkey: (row) => row.id });
  readonly durations = new Table<DurationRow>(this.journal, {
    package_durations_pkey: (row) => `${row.packageName} ${row.system}`,
  });
  private readonly inputs = new Map<BuildId, BuildId[]>();
  private readonly dependents = new Map<BuildId, BuildId[]>();

  /** What the work changed stays only if it returns. */
  async transaction<T>(work: () => T): Promise<T> {
    const begun = this.journal.length;
    try {
      const value = work();
      if (this.journal.length > begun) this.commit();
      this.journal.length = begun;
      return value;
    } catch (error) {
      while (this.journal.length > begun) this.journal.pop()!();
      throw error;
    } finally {
      this.builds.touched.clear();
      this.evaluations.touched.clear();
    }
  }

  next(sequence: string): number {
    const value = (this.sequences.get(sequence) ?? 0) + 1;
    this.sequences.set(sequence, value);
    return value;
  }

  addEdge(build: BuildId, input: BuildId): void {
    this.edges.insert({ build, input });
    push(this.inputs, build, input);
    push(this.dependents, input, build);
    this.journal.push(() => {
      this.inputs.get(build)!.pop();
      this.dependents.get(input)!.pop();
    });
  }

  inputsOf(build: BuildId): BuildRow[] {
    return (this.inputs.get(build) ?? []).map((input) => this.builds.find(input)!);
  }

  dependentsOf(build: BuildId): BuildRow[] {
    return (this.dependents.get(build) ?? []).map((dependent) => this.builds.find(dependent)!);
  }

  /** What the planner must hear of, as triggers write it. */
  private commit(): void {
    this.version += 1;
    const { version } = this;
    for (const [{ id: build }, inserted] of this.builds.touched) {
      this.feed.push({ version, build, inserted });
    }
    for (const { id: evaluation } of this.evaluations.touched.keys()) {
      this.evaluationFeed.push({ version, evaluation });
    }
  }

  after(seconds: number): number {
    return this.now + seconds * 1000;
  }
}

function push(map: Map<BuildId, BuildId[]>, key: BuildId, value: BuildId): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
