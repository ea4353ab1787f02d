/**
 * Finds builds by the beginning of their names, the newest first. Names that few derivations bear
 * are looked up whole, by the index of packages; of those that very many bear, the newest builds
 * are looked at, so that neither goes through ten million.
 */
import { packageName } from '#domain/evaluation/package-name.js';
import type { SearchQuery } from '#domain/search/search-query.js';
import type { Database, Row } from './database.js';

/** More derivations than this are not looked up by their name. */
const namedAtMost = 3000;
/** How many of the newest builds are looked at for what very many are called. */
const newestAtMost = 5000;

export interface FoundBuild extends Row {
  readonly id: number;
  readonly name: string;
}

interface Named extends Row {
  readonly ids: number[];
}

/** By the index alone; which of them bear the whole prefix is seen going down from the newest. */
const named = `
  select coalesce(array_agg(id), '{}') as ids from (
    select id from derivations
     where package_name >= $1 and package_name < $2 and ($3::text is null or system = $3)
     limit ${namedAtMost + 1}) d`;

/** As scalars, which Postgres asks build by build, and never for all jobs that there are. */
const isOfSpecification = `($2::bigint[] is null
   or (select e.specification_id from evaluations e where e.id = b.evaluation_id) = any ($2)
   or (select true from (select evaluation_id as id from jobs where build_id = b.id offset 0) j
        where (select e.specification_id from evaluations e where e.id = j.id) = any ($2)
        limit 1))`;

/** In the order of the first part, so that it ends with the first that is found. */
const amongNamed = `
  select t.id, d.name
    from (select id from unnest($1::bigint[]) u (id) order by id desc offset 0) t
   cross join lateral (select * from builds where id = t.id offset 0) b
   cross join lateral (select name, package_name from derivations where id = t.id offset 0) d
   where (starts_with(d.name, $5) or starts_with(d.package_name, $5))
     and ($3::text is null or b.status = $3) and ${isOfSpecification}
   order by t.id desc limit $4`;

/** Without a specification: the newest builds of all. */
const newestOfAll = `select id from builds order by id desc limit ${newestAtMost}`;
const newestOfSpecification = `
  select j.build_id as id from (
    select id from evaluations where specification_id = any ($5) order by id desc limit 200) e
   cross join lateral (select build_id from jobs where evaluation_id = e.id offset 0) j
   limit ${newestAtMost}`;

function amongNewest(builds: string): string {
  return `
  select b.id, d.name from (${builds}) t
    join lateral (select * from builds where id = t.id
                     and ($2::text is null or status = $2) offset 0) b on true
    join lateral (select * from derivations where id = t.id offset 0) d on true
   where ($1::text is null or starts_with(d.name, $1) or starts_with(d.package_name, $1))
     and ($3::text is null or d.system = $3)
   group by b.id, d.name order by b.id desc limit $4`;
}

export class SearchQueries {
  constructor(private readonly database: Database) {}

  async builds(query: SearchQuery, limit: number): Promise<FoundBuild[]> {
    const { prefix, status, system } = query;
    const of = await this.specifications(query);
    if (of?.length === 0) return [];
    const ids = prefix === null ? null : await this.named(query, prefix);
    if (ids !== null && ids.length <= namedAtMost) {
      return this.amongNamed(ids, of, status, limit, prefix);
    }
    const [builds, more] = of === null ? [newestOfAll, []] : [newestOfSpecification, [of]];
    const found = await this.database.query<FoundBuild>(amongNewest(builds), [
      ...[prefix, status, system, limit],
      ...more,
    ]);
    // Old ones of a name that very many bear: any of them rather than none.
    if (found.length > 0 || ids === null) return found;
    return this.amongNamed(ids, of, status, limit, prefix);
  }

  /** Of the newest build that is found, the product of that type; null where it has none. */
  async product(build: number, type: string): Promise<number | null> {
    const [row] = await this.database.query<{ id: number }>(
      `select id from build_products
        where build_id = $1 and type = $2 and taken_at is not null order by id limit 1`,
      [build, type],
    );
    return row?.id ?? null;
  }

  private async named({ system }: SearchQuery, prefix: string): Promise<number[]> {
    const from = packageName(prefix, undefined);
    const [row] = await this.database.query<Named>(named, [from, after(from), system]);
    return row?.ids.map(Number) ?? [];
  }

  /** Also former ones of the name; null where none is asked for. */
  private async specifications({ specification }: SearchQuery): Promise<number[] | null> {
    if (specification === null) return null;
    const rows = await this.database.query<{ id: number }>(
      'select id from specifications where name = $1',
      [specification],
    );
    return rows.map(({ id }) => id);
  }

  private amongNamed(...values: readonly unknown[]): Promise<FoundBuild[]> {
    return this.database.query<FoundBuild>(amongNamed, values);
  }
}

/** The first text after all that begin so, byte by byte. */
function after(prefix: string): string {
  return `${prefix}\u{10FFFF}`;
}
