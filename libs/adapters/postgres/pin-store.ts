/** Paths that are kept by hand. */
import type { PinAnswer } from '#protocol/api/retention.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

export interface Pin {
  /** Base name. */
  readonly path: string;
  /** Full path of the store directory; null: any. */
  readonly dir: string | null;
  readonly slug: string | null;
  readonly note: string;
  readonly expiresAt: string | null;
}

interface PinRow extends Row {
  readonly id: number;
  readonly slug: string;
  readonly dir: string;
  readonly path: string;
  readonly note: string;
  readonly created_at: Date;
  readonly expires_at: Date | null;
}

const columns = 'n.id, s.slug, s.dir, n.path, n.note, n.created_at, n.expires_at';

/** Whoever collects garbage leaves a locked path alone, and looks for pins after that. */
const writePins = `
  with offered as (
    select p.store_id, p.path from store_paths p join stores s on s.id = p.store_id
     where p.hash_part = left($1, 32) and p.path = $1 and p.withdrawn_at is null
       and ($2::text is null or s.dir = $2) and ($3::text is null or s.slug = $3)
       for key share of p),
  n as (
    insert into pins (store_id, path, note, expires_at)
    select store_id, path, $4, $5::timestamptz from offered
    on conflict (store_id, path) do update
       set note = excluded.note, expires_at = excluded.expires_at returning *)
  select ${columns} from n join stores s on s.id = n.store_id order by s.slug`;

export class PinStore {
  constructor(private readonly database: Database) {}

  /** In every store that offers the path; none: nothing was written. */
  async add({ path, dir, slug, note, expiresAt }: Pin): Promise<PinAnswer[]> {
    const values = [path, dir, slug, note, expiresAt];
    return (await this.database.query<PinRow>(writePins, values)).map(pinOf);
  }

  async list(): Promise<PinAnswer[]> {
    const rows = await this.database.query<PinRow>(
      `select ${columns} from pins n join stores s on s.id = n.store_id order by n.id`,
    );
    return rows.map(pinOf);
  }

  async remove(pin: number): Promise<boolean> {
    return (await this.database.execute('delete from pins where id = $1', [pin])) === 1;
  }
}

function pinOf(row: PinRow): PinAnswer {
  return {
    id: String(row.id),
    store: row.slug,
    path: `${row.dir}/${row.path}`,
    note: row.note,
    createdAt: iso(row.created_at),
    expiresAt: iso(row.expires_at),
  };
}
