/** Collections of garbage, as rows that stay: wished for, carried out, and how far they came. */
import type {
  Collected,
  Collection,
  CollectionLog,
  CollectionPhase,
  CollectionWisher,
} from '#application/ports/garbage-store.js';
import type { Database, Row } from './database.js';

interface CollectionRow extends Row {
  readonly id: number;
  readonly wished_by: CollectionWisher;
  readonly dry_run: boolean;
  readonly wanted_bytes: number | null;
}

const write = `
  update collections
     set phase = $2, evaluations = $3, derivations = $4, paths_looked = $5, paths_found = $6,
         paths = $7, bytes = $8, packs = $9, logs = $10,
         started_at = coalesce(started_at, now())`;

export class PostgresCollectionLog implements CollectionLog {
  constructor(private readonly database: Database) {}

  async next(): Promise<Collection | null> {
    const [row] = await this.database.query<CollectionRow>(
      `select id, wished_by, dry_run, wanted_bytes from collections
        where finished_at is null order by id limit 1`,
    );
    if (!row) return null;
    const { id, wished_by: wishedBy, dry_run: dryRun, wanted_bytes: wantedBytes } = row;
    return { id, wishedBy, dryRun, wantedBytes };
  }

  async progress({ id }: Collection, phase: CollectionPhase, so: Collected): Promise<void> {
    await this.database.execute(`${write} where id = $1 and finished_at is null`, [
      ...[id, phase],
      ...countsOf(so),
    ]);
  }

  async finish({ id }: Collection, so: Collected, fault: string | null): Promise<void> {
    await this.database.execute(
      `${write}, finished_at = now(), fault = $11 where id = $1 and finished_at is null`,
      [id, fault === null ? 'finished' : 'failed', ...countsOf(so), fault],
    );
  }

  async wish(by: CollectionWisher, secondsBetween: number): Promise<boolean> {
    const wished = await this.database.execute(
      `insert into collections (wished_by)
       select $1 where not exists (select from collections where finished_at is null)
          and not exists (select from collections where wished_by = $1
                             and finished_at > now() - make_interval(secs => $2))
          and exists (select from evaluations
                       where started_at < now() - make_interval(secs => $2))`,
      [by, secondsBetween],
    );
    return wished === 1;
  }
}

function countsOf(so: Collected): number[] {
  const { evaluations, derivations, pathsLooked, pathsFound, paths, bytes, packs, logs } = so;
  return [evaluations, derivations, pathsLooked, pathsFound, paths, bytes, packs, logs];
}
