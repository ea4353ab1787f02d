/** The farm's disks in Postgres. */
import type { Disk, DiskStore, ShortDisk } from '#application/ports/disk-store.js';
import type { DiskLevel } from '#domain/retention/disk-level.js';
import type { Database, Row } from './database.js';

/** A process says it every few seconds. */
const believedSeconds = 60;

interface DiskRow extends Row {
  readonly name: string;
  readonly place: string;
  readonly level: DiskLevel;
  readonly free_bytes: number;
  readonly total_bytes: number;
  readonly since: Date;
}

export class PostgresDiskStore implements DiskStore {
  constructor(private readonly database: Database) {}

  async tell({ name, place, level, freeBytes, totalBytes }: Disk): Promise<void> {
    await this.database.execute(
      `insert into disks as d (name, place, level, free_bytes, total_bytes)
       values ($1, $2, $3, $4, $5)
       on conflict (name) do update
          set place = excluded.place, level = excluded.level, free_bytes = excluded.free_bytes,
              total_bytes = excluded.total_bytes, seen_at = now(),
              since = case when d.level = excluded.level then d.since else now() end`,
      [name, place, level, Math.floor(freeBytes), Math.floor(totalBytes)],
    );
  }

  async short(): Promise<readonly ShortDisk[]> {
    const rows = await this.database.query<DiskRow>(
      `select name, place, level, free_bytes, total_bytes, since from disks
        where level <> 'roomy' and seen_at > now() - make_interval(secs => $1)
        order by level = 'hard' desc, free_bytes, name`,
      [believedSeconds],
    );
    return rows.map(({ free_bytes: freeBytes, total_bytes: totalBytes, ...disk }) => ({
      ...{ name: disk.name, place: disk.place, level: disk.level, since: disk.since },
      ...{ freeBytes, totalBytes },
    }));
  }
}
