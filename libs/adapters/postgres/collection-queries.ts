/** Collections of garbage as the API wishes for them and tells of them. */
import { cutPage, type Page, type PageQuery } from '#protocol/api/page.js';
import type { CollectionAnswer, CollectionRequest } from '#protocol/api/retention.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

interface CollectionRow extends Row {
  readonly id: number;
  readonly wished_by: CollectionAnswer['wishedBy'];
  readonly dry_run: boolean;
  readonly wanted_bytes: number | null;
  readonly phase: CollectionAnswer['phase'];
  readonly fault: string | null;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly finished_at: Date | null;
  readonly evaluations: number;
  readonly derivations: number;
  readonly paths_looked: number;
  readonly paths_found: number;
  readonly paths: number;
  readonly bytes: number;
  readonly packs: number;
  readonly logs: number;
}

export class CollectionQueries {
  constructor(private readonly database: Database) {}

  async wish({ dryRun, wantedBytes }: CollectionRequest): Promise<CollectionAnswer> {
    const [row] = await this.database.query<CollectionRow>(
      `insert into collections (wished_by, dry_run, wanted_bytes) values ('person', $1, $2)
       returning *`,
      [dryRun, wantedBytes ?? null],
    );
    return collectionOf(row!);
  }

  async find(collection: number): Promise<CollectionAnswer | null> {
    const [row] = await this.database.query<CollectionRow>(
      'select * from collections where id = $1',
      [collection],
    );
    return row ? collectionOf(row) : null;
  }

  async list({ cursor, limit }: PageQuery): Promise<Page<CollectionAnswer>> {
    const rows = await this.database.query<CollectionRow>(
      `select * from collections where $1::bigint is null or id < $1 order by id desc limit $2`,
      [cursor ?? null, limit + 1],
    );
    const { items, next } = cutPage(rows, limit, (row) => String(row.id));
    return { items: items.map(collectionOf), next };
  }
}

function collectionOf(row: CollectionRow): CollectionAnswer {
  return {
    id: String(row.id),
    wishedBy: row.wished_by,
    dryRun: row.dry_run,
    wantedBytes: row.wanted_bytes,
    phase: row.phase,
    fault: row.fault,
    requestedAt: iso(row.requested_at),
    startedAt: iso(row.started_at),
    finishedAt: iso(row.finished_at),
    evaluations: row.evaluations,
    derivations: row.derivations,
    pathsLooked: row.paths_looked,
    pathsFound: row.paths_found,
    paths: row.paths,
    bytes: row.bytes,
    packs: row.packs,
    logs: row.logs,
  };
}
