/** Builds that wait although their store has upstreams, in Postgres. */
import type { WaitingBuild, WaitingBuilds } from '#application/ports/waiting-builds.js';
import { id, type BuildId } from '#domain/ids.js';
import type { Database, Row } from './database.js';
import { holdSeconds, substituted } from './ingest-fates.js';

interface WaitingRow extends Row {
  readonly id: number;
  readonly slug: string;
  readonly outputs: readonly string[];
}

const isWaiting = `b.status = 'scheduled'
  and (b.release_expires_at is null or b.release_expires_at <= now())
  and not exists (select from substitutions t where t.build_id = b.id)`;

const readWaiting = `
  select b.id, s.slug,
         array(select o.path from outputs o where o.derivation_id = b.id) as outputs
    from builds b join derivations d on d.id = b.id join stores s on s.id = d.store_id
   where b.id > $1 and ${isWaiting}
     and b.scheduled_at < now() - make_interval(secs => $3)
     and exists (select from upstreams u where u.store_id = s.id and u.removed_at is null)
     and not exists (select from outputs o where o.derivation_id = b.id and o.path is null)
   order by b.id limit $2`;

const substituteWaiting = `
  with chosen as (
    select b.id, d.store_id, s.mode
      from builds b join derivations d on d.id = b.id join stores s on s.id = d.store_id
     where b.id = any ($1) and ${isWaiting}
     order by b.id for no key update of b),
  wished as (
    insert into substitutions (build_id, store_id, urgent)
    select id, store_id, true from chosen where mode = 'mirror'
    on conflict do nothing)
  update builds b
     set status = case c.mode when 'mirror' then 'scheduled' else 'succeeded' end,
         reason = case c.mode when 'mirror' then null else '${substituted}' end,
         not_before = case c.mode when 'mirror'
                        then now() + make_interval(secs => ${holdSeconds}) end,
         ended_at = case c.mode when 'mirror' then null else now() end,
         generation = generation + 1, worker_class = null, release_expires_at = null
    from chosen c where b.id = c.id`;

export class PostgresWaitingBuilds implements WaitingBuilds {
  constructor(private readonly database: Database) {}

  async after(
    build: BuildId | null,
    limit: number,
    seconds: number,
  ): Promise<readonly WaitingBuild[]> {
    const rows = await this.database.query<WaitingRow>(readWaiting, [build ?? 0, limit, seconds]);
    return rows.map(({ id: row, slug, outputs }) => ({ build: id<BuildId>(row), slug, outputs }));
  }

  async substitute(builds: readonly BuildId[]): Promise<number> {
    return builds.length === 0 ? 0 : this.database.execute(substituteWaiting, [builds]);
  }
}
