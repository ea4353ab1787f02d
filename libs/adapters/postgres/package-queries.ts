/**
 * Packages by name: which there are, and what there is of one for each system. Names and systems
 * are found by stepping through an index, one step for each, however many builds they have.
 */
import type { PackagesAnswer, PackagesQuery } from '#protocol/api/package.js';
import type { Database, Row } from './database.js';
import { summaryColumns, type SummaryRow } from './reading.js';

/** Of each system; older ones are found by the search. */
const lookedAtMost = 16;
const systemsAtMost = 20;

export interface PackageRow extends SummaryRow {
  /** The newest that points at it; null where it is only an input. */
  readonly evaluation: number | null;
  /** When its main output was offered; null where it is not. */
  readonly offered_at: Date | null;
  readonly nar_size: number | null;
  readonly kept_until: Date | null;
}

const mainOutput = `
  select p.offered_at, p.nar_size,
         greatest(p.offered_at, p.read_at)
           + make_interval(secs => s.ttl_seconds::float8) as kept_until
    from outputs o join stores s on s.id = o.store_id
    join store_paths p on p.store_id = o.store_id and p.hash_part = left(o.path, 32)
     and p.path = o.path and p.withdrawn_at is null
   where o.derivation_id = d.id order by o.name <> 'out', o.name limit 1`;

export class PackageQueries {
  constructor(private readonly database: Database) {}

  async names({ prefix, cursor, limit }: PackagesQuery): Promise<PackagesAnswer> {
    const rows = await this.database.query<Row & { name: string }>(
      `with recursive found (name, place) as (
         (select package_name, 1 from derivations
           where package_name >= $1 and package_name < $2
             and ($3::text is null or package_name > $3) order by package_name limit 1)
         union all
         select (select package_name from derivations
                  where package_name > f.name and package_name < $2
                  order by package_name limit 1), f.place + 1
           from found f where f.name is not null and f.place <= $4)
       select name from found where name is not null order by place`,
      [prefix, `${prefix}\u{10FFFF}`, cursor ?? null, limit],
    );
    const items = rows.slice(0, limit);
    return { items, next: rows.length > limit ? items.at(-1)!.name : null };
  }

  /** Of each system the newest builds, the newest first. */
  builds(name: string): Promise<PackageRow[]> {
    return this.database.query<PackageRow>(
      `with recursive systems (system, place) as (
         (select system, 1 from derivations where package_name = $1 order by system limit 1)
         union all
         select (select system from derivations
                  where package_name = $1 and system > s.system order by system limit 1),
                s.place + 1
           from systems s where s.system is not null and s.place < ${systemsAtMost})
       select ${summaryColumns}, j.evaluation_id as evaluation, p.offered_at, p.nar_size,
              p.kept_until
         from systems s
        cross join lateral (select id, name, system from derivations
                             where package_name = $1 and system = s.system
                             order by id desc limit ${lookedAtMost}) d
        cross join lateral (select * from builds where id = d.id offset 0) b
         left join lateral (select evaluation_id from jobs where build_id = d.id
                             order by evaluation_id desc limit 1) j on true
         left join lateral (${mainOutput}) p on true
        where s.system is not null order by d.system, d.id desc`,
      [name],
    );
  }
}
