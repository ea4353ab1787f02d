/**
 * Finds builds by a query, the newest first. What few derivations are called is looked up by name;
 * else the newest builds are gone through, so many for one page and no more: then the answer says
 * from where the next page goes on, though it may have found nothing.
 */
import { packageName } from '#domain/evaluation/package-name.js';
import type { BuildStatus } from '#domain/build/status.js';
import type { BuildQuery, NamePattern } from '#domain/search/build-query.js';
import type { BuildSummary } from '#protocol/api/build.js';
import type { Page } from '#protocol/api/page.js';
import type { Database, Row } from './database.js';
import { literally, summaryColumns, summaryOf, type SummaryRow } from './reading.js';

export interface SearchPage {
  /** Builds with this id and above are passed over; null: from the newest on. */
  readonly before: number | null;
  readonly limit: number;
}

/** More derivations than this are not looked up by their name. */
const namedAtMost = 3000;
const walkedAtMost = 5000;
/** Whose maintainers are looked at: those are read job by job. */
const walkedForJobs = 500;
/** Of a specification: the jobs of its newest evaluations. */
const evaluationsAtMost = 200;

interface FoundRow extends SummaryRow {
  /** Where the walk ended; only the last row has it. */
  readonly walked: number;
  readonly lowest: number | null;
}

export class BuildSearch {
  constructor(private readonly database: Database) {}

  async find(query: BuildQuery, { before, limit }: SearchPage): Promise<Page<BuildSummary>> {
    const statement = new Statement(before ?? Number.MAX_SAFE_INTEGER);
    const of = await this.specifications(query);
    if (of?.length === 0) return { items: [], next: null };
    const named = await this.named(query);
    const walked = statement.walk(query, named, of);
    statement.conditions(query, named !== null ? of : null);
    const rows = await this.database.query<FoundRow>(
      `with walked as materialized (${walked}),
            found as (select ${summaryColumns}
                        from (select id from walked order by id desc offset 0) t
                       cross join lateral (select * from builds where id = t.id offset 0) b
                       cross join lateral (select * from derivations where id = t.id offset 0) d
                       where ${statement.where()} order by t.id desc limit ${limit + 1})
       select f.*, w.walked, w.lowest
         from (select count(*) as walked, min(id) as lowest from walked) w
         left join found f on true order by f.id desc`,
      statement.values,
    );
    return pageOf(rows, limit, walked.includes('order by id desc') ? statement.atMost : Infinity);
  }

  /** The derivations that a name of the query begins with; null where those are too many. */
  private async named({ names, systems }: BuildQuery): Promise<number[] | null> {
    const prefix = names.filter(({ not }) => !not).map(beginningOf);
    const longest = prefix.toSorted((a, b) => b.length - a.length)[0] ?? '';
    if (longest === '') return null;
    const from = packageName(longest, undefined);
    const [row] = await this.database.query<Row & { ids: number[] }>(
      `select coalesce(array_agg(id), '{}') as ids from (
         select id from derivations where package_name >= $1 and package_name < $2
            and (cardinality($3::text[]) = 0 or system = any ($3)) limit ${namedAtMost + 1}) d`,
      [from, `${from}\u{10FFFF}`, systems.any],
    );
    const ids = row?.ids.map(Number) ?? [];
    return ids.length > namedAtMost ? null : ids;
  }

  /** Also former ones of the names; null where none is asked for. */
  private async specifications({ specifications }: BuildQuery): Promise<number[] | null> {
    if (specifications.any.length === 0) return null;
    const rows = await this.database.query<Row & { id: number }>(
      'select id from specifications where name = any ($1)',
      [specifications.any],
    );
    return rows.map(({ id }) => id);
  }
}

/** Collects conditions with their values. */
class Statement {
  readonly values: unknown[] = [];
  atMost = walkedAtMost;
  private readonly all: string[] = [];

  constructor(private readonly before: number) {}

  /** SQL for the builds that are looked at. */
  walk(query: BuildQuery, named: number[] | null, of: number[] | null): string {
    if (query.maintainers.any.length + query.maintainers.none.length > 0) {
      this.atMost = walkedForJobs;
    }
    const before = this.value(this.before);
    if (named)
      return `select id from unnest(${this.value(named)}::bigint[]) u (id)
                        where id < ${before}`;
    if (of) {
      return `select distinct id from (select j.build_id as id from (
                select id from evaluations where specification_id = any (${this.value(of)})
                 order by id desc limit ${evaluationsAtMost}) e
               cross join lateral (select build_id from jobs where evaluation_id = e.id
                                      and build_id < ${before} offset 0) j
               limit ${this.atMost}) j`;
    }
    if (isOf(query, ['scheduled'])) return waiting(before, this.atMost);
    const running = isOf(query, ['submitted', 'started'])
      ? `and status in ('submitted', 'started')`
      : '';
    return `select id from builds where id < ${before} ${running}
             order by id desc limit ${this.atMost}`;
  }

  conditions(query: BuildQuery, of: number[] | null): void {
    const { names, systems, statuses, maintainers, specifications, since } = query;
    this.choice('b.status', statuses);
    this.choice('d.system', systems);
    for (const name of names) this.name(name);
    if (since !== null) {
      const from = this.value(new Date(since));
      this.all.push(`coalesce(b.ended_at, b.scheduled_at) >= ${from}::timestamptz`);
    }
    if (of) this.all.push(hasJob(`e.specification_id = any (${this.value(of)})`));
    if (specifications.none.length > 0) {
      const none = this.value(specifications.none);
      this.all.push(
        `not ${hasJob(`e.specification_id in (
        select id from specifications where name = any (${none}))`)}`,
      );
    }
    const says = (value: string): string => `strpos(lower(j.meta->>'maintainers'), ${value}) > 0`;
    if (maintainers.any.length > 0) {
      const any = maintainers.any.map((one) => says(this.value(one.toLowerCase())));
      this.all.push(hasJob(`(${any.join(' or ')})`));
    }
    for (const one of maintainers.none) {
      this.all.push(`not ${hasJob(says(this.value(one.toLowerCase())))}`);
    }
  }

  where(): string {
    return this.all.length === 0 ? 'true' : this.all.join(' and ');
  }

  private choice(
    column: string,
    { any, none }: { any: readonly string[]; none: readonly string[] },
  ) {
    if (any.length > 0) this.all.push(`${column} = any (${this.value(any)})`);
    if (none.length > 0) this.all.push(`${column} <> all (${this.value(none)})`);
  }

  private name(name: NamePattern): void {
    const pattern = this.value(likeOf(name));
    this.all.push(
      `${name.not ? 'not ' : ''}(d.name like ${pattern} or d.package_name like ${pattern})`,
    );
  }

  private value(value: unknown): string {
    this.values.push(value);
    return `$${this.values.length}`;
  }
}

/** Asked build by build, and never for all jobs that there are. */
function hasJob(condition: string): string {
  return `coalesce((select true
     from (select evaluation_id, meta from jobs where build_id = b.id offset 0) j
    cross join lateral (select specification_id from evaluations
                         where id = j.evaluation_id offset 0) e
    where ${condition} limit 1), false)`;
}

/** Whether builds of these statuses alone are asked for. */
function isOf({ statuses: { any } }: BuildQuery, statuses: readonly BuildStatus[]): boolean {
  return any.length > 0 && any.every((one) => statuses.includes(one));
}

/** The newest that wait, along the index of those, which has them by priority. */
function waiting(before: string, atMost: number): string {
  return `select b.id as id from generate_series(0, 9) p (priority) cross join lateral (
            select id from builds
             where status = 'scheduled' and priority = p.priority and id < ${before}
             order by id desc limit ${atMost}) b
           order by id desc limit ${atMost}`;
}

function beginningOf({ pattern }: NamePattern): string {
  return pattern.split('*', 1)[0]!;
}

function likeOf({ pattern }: NamePattern): string {
  const literal = literally(pattern);
  return pattern.includes('*') ? literal.replaceAll('*', '%') : `${literal}%`;
}

/** A walk that ended at its bound goes on below the lowest that it saw. */
function pageOf(rows: readonly FoundRow[], limit: number, atMost: number): Page<BuildSummary> {
  const found = rows.filter(({ id }) => id !== null);
  const items = found.slice(0, limit).map(summaryOf);
  if (found.length > limit) return { items, next: items.at(-1)!.id };
  const [row] = rows;
  const goesOn = row !== undefined && row.walked >= atMost && row.lowest !== null;
  return { items, next: goesOn ? String(row.lowest) : null };
}
