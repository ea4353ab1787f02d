/** Rows of a farm that has something to let go, on real Postgres, for the specs here. */
import { PostgresCollectionLog } from '#adapters/postgres/collection-log.js';
import { Database } from '#adapters/postgres/database.js';
import { PostgresEvaluationGarbage } from '#adapters/postgres/garbage-evaluations.js';
import { PostgresGarbageStore } from '#adapters/postgres/garbage-session.js';
import {
  collectGarbage,
  type CollectionEnd,
  type CollectParts,
} from '#application/collect-garbage.js';
import type { TestPostgres } from '#testkit/postgres.js';

export interface Offered {
  readonly references?: readonly string[];
  /** Since it was offered. */
  readonly days?: number;
  /** Since it was last read; absent: never. */
  readonly readDays?: number;
  readonly deriver?: string | null;
  readonly slug?: string;
  /** Paths of equal contents share it. */
  readonly file?: string;
  readonly size?: number;
}

export interface Derived {
  readonly evaluation: number;
  readonly inputs?: readonly number[];
  readonly outputs?: readonly string[];
  readonly sources?: readonly string[] | null;
  readonly status?: string;
  readonly pack?: number;
  /** A job of its evaluation names it, unless told otherwise. */
  readonly job?: boolean;
}

export class GarbageFarm {
  private constructor(
    readonly database: Database,
    private readonly drop: () => Promise<void>,
  ) {}

  static async start(postgres: TestPostgres): Promise<GarbageFarm> {
    const fresh = await postgres.freshDatabase();
    const database = new Database(fresh.url, 6);
    return new GarbageFarm(database, async () => {
      await database.close();
      await fresh.drop();
    });
  }

  stop(): Promise<void> {
    return this.drop();
  }

  async specification(name: string, keep = 1): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(
      'insert into specifications (name, version) values ($1, 1) returning id',
      [name],
    );
    await this.database.execute('insert into specification_versions values ($1, 1, $2)', [
      row!.id,
      JSON.stringify({ name, backend: 'nix', keep }),
    ]);
    return row!.id;
  }

  /** One that ended so many days ago; null: it is read still. */
  async evaluation(specification: number, days: number | null): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(
      `insert into evaluations (specification_id, specification_version, revisions_digest, try,
         trigger, status, started_at, ended_at)
       select $1, 1, 'd', 1 + count(*), 'poll', case when $2::int is null then 'started'
              else 'succeeded' end, now() - make_interval(days => coalesce($2, 0)),
              now() - make_interval(days => $2) from evaluations returning id`,
      [specification, days],
    );
    await this.database.query('select ensure_evaluation_partitions($1)', [row!.id]);
    return row!.id;
  }

  async derive(name: string, derived: Derived): Promise<number> {
    const { evaluation, inputs = [], outputs = [], sources = [], status = 'succeeded' } = derived;
    const [row] = await this.database.query<{ id: number }>(
      `insert into derivations (store_id, path, name, package_name, system, sources, pack_id)
       select id, $1, $2, $2, 'x86_64-linux', $3, $4 from stores where slug = 'nix' returning id`,
      [`${hashPart(name)}-${name}.drv`, name, sources?.map(pathOf) ?? null, derived.pack ?? null],
    );
    const build = row!.id;
    await this.database.execute(
      `insert into builds (id, evaluation_id, status) values ($1, $2, $3)`,
      [build, evaluation, status],
    );
    for (const output of outputs) {
      await this.database.execute(
        `insert into outputs select $1, $2, id, $3 from stores where slug = 'nix'`,
        [build, output, pathOf(output)],
      );
    }
    for (const input of inputs) {
      await this.database.execute('insert into derivation_inputs values ($1, $2)', [build, input]);
    }
    if (derived.job !== false) await this.job(evaluation, name, build);
    await this.database.execute(
      `insert into attempts (evaluation_id, build_id, number, worker_id, slot, status, ended_at)
       values ($1, $2, 1, 1, 0, 'succeeded', now())`,
      [evaluation, build],
    );
    return build;
  }

  async job(evaluation: number, name: string, build: number): Promise<void> {
    await this.database.execute(
      `with n as (insert into job_names (name) values ($2)
                  on conflict (name) do update set name = excluded.name returning id)
       insert into jobs (evaluation_id, name_id, system, build_id)
       select $1, id, 'x86_64-linux', $3 from n`,
      [evaluation, name, build],
    );
  }

  async offer(name: string, offered: Offered = {}): Promise<number> {
    const { references = [], days = 400, slug = 'nix', deriver = 'x.drv', size = 100 } = offered;
    const [row] = await this.database.query<{ id: number }>(
      `insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver,
                                offered_at, read_at)
       select id, left($1, 32), $1, 'sha256:x', 1000, $2, now() - make_interval(days => $3),
              now() - make_interval(days => $4) from stores where slug = $5 returning id`,
      [pathOf(name), deriver, days, offered.readDays ?? null, slug],
    );
    await this.database.execute(`insert into store_path_references select $1, unnest($2::text[])`, [
      row!.id,
      references.map(pathOf),
    ]);
    await this.database.execute(`insert into nars values ($1, 'zstd', 'sha256:f', $2, $3)`, [
      row!.id,
      size,
      fileOf(offered.file ?? name),
    ]);
    return row!.id;
  }

  /** The names of what is offered, sorted. */
  async offered(): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>(
      'select substr(path, 34) as name from store_paths order by name',
    );
    return rows.map((row) => row.name);
  }

  async derivations(): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>(
      'select name from derivations order by name',
    );
    return rows.map((row) => row.name);
  }

  /** Keys of files and logs that are condemned, sorted. */
  async condemned(): Promise<string[]> {
    const rows = await this.database.query<{ key: string }>(
      'select file_key as key from condemned_files order by file_key collate "C"',
    );
    return rows.map((row) => row.key);
  }

  async wish(dryRun = false, wantedBytes: number | null = null): Promise<void> {
    await this.database.execute(
      `insert into collections (wished_by, dry_run, wanted_bytes) values ('person', $1, $2)`,
      [dryRun, wantedBytes],
    );
  }

  parts(): CollectParts {
    const { database } = this;
    return {
      log: new PostgresCollectionLog(database),
      evaluations: new PostgresEvaluationGarbage(database),
      garbage: new PostgresGarbageStore(database),
      now: () => performance.now(),
      rest: async () => undefined,
    };
  }

  async collect(dryRun = false, wantedBytes: number | null = null): Promise<CollectionEnd> {
    await this.wish(dryRun, wantedBytes);
    return (await collectGarbage(this.parts()))!;
  }
}

export function hashPart(name: string): string {
  return Buffer.from(name).toString('hex').padStart(32, '0').slice(-32);
}

export function pathOf(name: string): string {
  return `${hashPart(name)}-${name}`;
}

export function fileOf(name: string): string {
  return `${hashPart(name).padStart(52, '0')}.nar.zst`;
}
