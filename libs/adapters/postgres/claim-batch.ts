/**
 * Claims that come together, in one statement: the ordinary ones, of builds that the farm has never
 * failed, for free slots of workers that take builds. Whatever it leaves out is claimed one by one,
 * which also finds out why.
 */
import { resolveLimits } from '#domain/build/limits.js';
import { id, type AttemptId, type BuildId, type Fence } from '#domain/ids.js';
import type { ClaimedBuild, ClaimRequest } from '#application/ports/claim-store.js';
import type { Database, Prepared, Row } from './database.js';
import { workerIsPaused } from './worker-store.js';

export interface HeldRow extends Row {
  attempt_id: number;
  build_id: number;
  slot: number;
  fence: Fence;
  slug: string;
  dir: string;
  path: string;
  system: string;
  timeout_seconds: number | null;
  max_silent_seconds: number | null;
  outputs: { name: string; path: string | null }[];
}

/** SQL: the outputs of derivation `d` as JSON. */
export const outputsOfDerivation = `
  (select json_agg(json_build_object('name', o.name, 'path', o.path) order by o.name)
     from outputs o where o.derivation_id = d.id) as outputs`;

/** SQL: what becomes of build `b` when it is claimed. */
export const buildIsTaken = `
  status = 'submitted', attempts = attempts + 1, release_expires_at = null,
  not_before = null, started_at = null, ended_at = null, reason = null,
  tried_timeout_seconds = timeout_seconds, tried_max_silent_seconds = max_silent_seconds`;

/**
 * Made once and for any number: every table is entered by `= any` of a key (see database.ts). Two
 * conditions are written so that they fit no partial index, which would be read as a whole.
 */
const claimTogether: Prepared = {
  name: 'claims-together',
  text: `
  with asked as (
    select * from unnest($1::bigint[], $2::int[], $3::bigint[], $4::int[], $5::text[], $6::float8[])
                  with ordinality a (worker, slot, build, generation, fence, seconds, at)),
  able as (
    select asked.* from asked
     where worker in (select id from workers
                       where id = any ($1) and num_nulls(removed_at) = 1 and not ${workerIsPaused}
                         and not draining)
       and not exists (select from leases l where l.worker_id = any ($1)
                          and l.worker_id = asked.worker and l.slot = asked.slot)),
  locked as (
    select b.id, able.* from builds b join able on able.build = b.id
     where b.id = any ($3) and b.generation = able.generation
       and b.status is not distinct from 'scheduled' and b.farm_faults = 0
     order by b.id for no key update of b),
  taken as (
    update builds b set ${buildIsTaken}
      from locked l where b.id = any ($3) and b.id = l.id
    returning b.id, b.evaluation_id, b.attempts, b.timeout_seconds, b.max_silent_seconds,
              l.worker, l.slot, l.fence, l.seconds, l.at),
  attempt as (
    insert into attempts (evaluation_id, build_id, number, worker_id, slot, status, fence)
    select evaluation_id, id, attempts, worker, slot, 'submitted', fence from taken
    returning id, build_id),
  lease as (
    insert into leases (build_id, attempt_id, evaluation_id, worker_id, slot, fence, expires_at)
    select t.id, a.id, t.evaluation_id, t.worker, t.slot, t.fence,
           now() + make_interval(secs => t.seconds)
      from taken t join attempt a on a.build_id = t.id)
  select t.at::int as at, a.id as attempt_id, t.id as build_id, t.slot, t.fence,
         s.slug, s.dir, d.path, d.system, t.timeout_seconds, t.max_silent_seconds,
         ${outputsOfDerivation}
    from taken t join attempt a on a.build_id = t.id join derivations d on d.id = t.id
    join stores s on s.id = d.store_id
   where d.id = any ($3)`,
};

/** Null for those that were left out, in the order of the requests. */
export async function claimAll(
  database: Database,
  requests: readonly ClaimRequest[],
): Promise<readonly (ClaimedBuild | null)[]> {
  const rows = await database.byKeys<HeldRow & { at: number }>(claimTogether, [
    requests.map((one) => one.worker),
    requests.map((one) => one.slot),
    requests.map((one) => one.build),
    requests.map((one) => one.generation),
    requests.map((one) => one.fence),
    requests.map((one) => one.leaseSeconds),
  ]);
  const claimed = new Map(rows.map((row) => [row.at - 1, claimedOf(row)]));
  return requests.map((_, at) => claimed.get(at) ?? null);
}

export function claimedOf(row: HeldRow): ClaimedBuild {
  const job = {
    timeoutSeconds: row.timeout_seconds ?? undefined,
    maxSilentSeconds: row.max_silent_seconds ?? undefined,
  };
  return {
    attempt: id<AttemptId>(row.attempt_id),
    fence: row.fence,
    slot: row.slot,
    build: id<BuildId>(row.build_id),
    store: { slug: row.slug, dir: row.dir },
    derivation: row.path,
    system: row.system,
    outputs: row.outputs ?? [],
    limits: resolveLimits(job, {}),
  };
}
