/** What stores that rely on their upstreams believe of them, in Postgres. */
import type { BeliefStore, LostBuild, Stale } from '#application/ports/belief-store.js';
import type { InputFates } from '#application/ports/substitution-store.js';
import { wishingStatuses } from '#domain/evaluation/status.js';
import { id, type BuildId } from '#domain/ids.js';
import type { Database, Row } from './database.js';
import { notNeeded, substituted } from './ingest-fates.js';
import { buildAgain } from './substitution-store.js';
import { believedOf, type BelievedRow } from './upstream-store.js';

interface StaleRow extends BelievedRow {
  readonly slug: string;
}

/** What a worker could not fetch is doubted at once, with all that it refers to. */
const claimStale = `
  with recursive doubted (store_id, hash_part) as (
    select t.store_id, t.hash_part
      from builds b join derivation_inputs i on i.derivation_id = b.id
      join builds p on p.id = i.input_id and p.status = 'succeeded' and p.reason = '${substituted}'
      join outputs o on o.derivation_id = p.id
      join upstream_paths t on t.store_id = o.store_id and t.hash_part = left(o.path, 32)
     where b.status = 'scheduled' and b.farm_faults > 0
       and t.seen_at < (select max(a.ended_at) from attempts a
                         where a.build_id = b.id and a.reason = 'input-missing')
    union
    select t.store_id, left(r, 32)
      from doubted d join upstream_paths t using (store_id, hash_part)
     cross join unnest(t."references") r),
  aged as (
    select store_id, hash_part from upstream_paths
     where seen_at < now() - make_interval(secs => $2) and look_after < now()
       and store_id in (select id from stores where mode = 'rely')
     order by seen_at limit $1),
  chosen as (select * from aged union select * from doubted)
  update upstream_paths t set look_after = now() + interval '1 minute'
    from chosen c, stores s
   where (t.store_id, t.hash_part) = (c.store_id, c.hash_part) and s.id = t.store_id
     and s.mode = 'rely' and t.look_after < now()
  returning s.slug, t.upstream_id, t.path, t.nar_hash, t."references", t.deriver, t.ca, t.narinfo`;

const wishing = `e.canceled_at is null and e.status in (${wishingStatuses
  .map((status) => `'${status}'`)
  .join(', ')})`;

/** Whatever refers to what is gone has gone with it: its closure is not whole any more. */
const findBuilt = `
  with recursive place as (select id from stores where slug = $1),
  broken (path) as (
    select unnest($2::text[])
    union
    select t.path from broken g join upstream_paths t
        on t.store_id = (select id from place) and t."references" @> array[g.path])
  select distinct b.id,
         exists (select from derivation_inputs i join builds d on d.id = i.derivation_id
                  where i.input_id = b.id and d.status in ('scheduled', 'submitted', 'started'))
         or exists (select from jobs j join evaluations e on e.id = j.evaluation_id
                     where j.build_id = b.id and ${wishing} and e.id = (
                             select max(l.id) from evaluations l
                              where l.specification_id = e.specification_id)) as needed
    from broken g join outputs o on o.store_id = (select id from place) and o.path = g.path
    join builds b on b.id = o.derivation_id
     and b.status = 'succeeded' and b.reason = '${substituted}'
   where not exists (select from store_paths p
                      where p.store_id = o.store_id and p.hash_part = left(o.path, 32)
                        and p.path = o.path and p.withdrawn_at is null)
   order by b.id`;

const giveUp = `
  update builds set status = 'canceled', reason = '${notNeeded}', generation = generation + 1
   where id = $1 and status = 'succeeded' and reason = '${substituted}'`;

export class PostgresBeliefStore implements BeliefStore {
  constructor(private readonly database: Database) {}

  async stale(limit: number, seconds: number): Promise<readonly Stale[]> {
    const rows = await this.database.query<StaleRow>(claimStale, [limit, seconds]);
    return rows.map((row) => ({ slug: row.slug, believed: believedOf(row) }));
  }

  async builtOn(slug: string, paths: readonly string[]): Promise<readonly LostBuild[]> {
    const rows = await this.database.query<Row & { id: number; needed: boolean }>(findBuilt, [
      slug,
      paths,
    ]);
    return rows.map((row) => ({ build: id<BuildId>(row.id), isNeeded: row.needed }));
  }

  async lose(build: BuildId, inputs: InputFates | null): Promise<boolean> {
    if (inputs === null) {
      await this.database.execute(giveUp, [build]);
      return false;
    }
    return this.database.transaction((client) => buildAgain(client, build, inputs));
  }

  async forgetOlder(seconds: number): Promise<void> {
    await this.database.execute(
      `delete from upstream_paths where (store_id, hash_part) in (
         select store_id, hash_part from upstream_paths
          where seen_at < now() - make_interval(secs => $1)
            and store_id in (select id from stores where mode = 'mirror')
          order by seen_at limit 5000)`,
      [seconds],
    );
  }

  async forget(slug: string, paths: readonly string[]): Promise<void> {
    await this.database.execute(
      `delete from upstream_paths
        where store_id = (select id from stores where slug = $1) and hash_part = any ($2)`,
      [slug, paths.map((path) => path.slice(0, 32))],
    );
  }
}
