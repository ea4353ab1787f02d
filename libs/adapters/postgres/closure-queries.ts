/**
 * How much comes with an output: the offered paths that it leads to, with its own, and the archives
 * of it that can be downloaded. A closure of more paths than are walked is told as "at least".
 */
import type { BuildId } from '#domain/ids.js';
import type { OutputClosure } from '#protocol/api/build-story.js';
import type { Database, Row } from './database.js';

interface SizesRow extends Row {
  output: string;
  paths: number;
  size: number;
  archives: { compression: string; size: number }[] | null;
}

/** An operating system has about 3,000 paths. */
const walkedAtMost = 4000;

export class ClosureQueries {
  constructor(private readonly database: Database) {}

  /** Of the outputs that are offered now. */
  async ofBuild(build: BuildId): Promise<OutputClosure[]> {
    const rows = await this.database.query<SizesRow>(
      `select o.name as output, c.paths, c.size, (
                select jsonb_agg(jsonb_build_object('compression', n.compression,
                                                    'size', n.file_size) order by n.file_size)
                  from nars n where n.path_id = p.id) as archives
         from outputs o
         join store_paths p on p.store_id = o.store_id and p.hash_part = left(o.path, 32)
          and p.path = o.path and p.withdrawn_at is null
        cross join lateral (
          with recursive closure (id, size) as (
            select p.id, p.nar_size
            union
            select t.id, t.nar_size
              from closure c join store_path_references r on r.path_id = c.id
              join store_paths t on t.store_id = p.store_id
               and t.hash_part = left(r.reference, 32) and t.withdrawn_at is null)
          select count(*) as paths, sum(size)::bigint as size
            from (select * from closure limit ${walkedAtMost + 1}) c) c
        where o.derivation_id = $1 order by o.name limit 10`,
      [build],
    );
    return rows.map((row) => ({
      output: row.output,
      paths: Math.min(row.paths, walkedAtMost),
      size: row.size,
      whole: row.paths <= walkedAtMost,
      archives: row.archives ?? [],
    }));
  }
}
