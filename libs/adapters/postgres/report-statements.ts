/**
 * The two statements in which reports end: one locks and reads, one writes. Their plans are made
 * once (see database.ts), so every table is entered by `= any` of a key.
 */
import type { Prepared } from './database.js';

/** Asked for builds with farm faults alone: an ordinary end pays nothing. */
const workersLost = `case when b.farm_faults = 0 then 0 else (
  select count(*)::int from attempts a where a.build_id = b.id and a.reason = 'worker-lost'
     and a.created_at >= b.scheduled_at) end`;
const allowedMore = `coalesce(b.timeout_seconds > b.tried_timeout_seconds
  or b.max_silent_seconds > b.tried_max_silent_seconds, false)`;

/**
 * `live` are the reports that own their attempt, their leases locked in the order of attempts; then
 * what their builds yield, what the attempts uploaded, and which of the paths named are offered.
 * Shared locks keep what is referred to from being collected before the commit.
 */
export const readReports: Prepared = {
  name: 'reports-read',
  text: `
  with held as (select build_id from leases where attempt_id = any ($1)),
  live as (
    select r.at, l.build_id, l.evaluation_id, l.cancel_reason, b.farm_faults, d.store_id,
           d.path as derivation, ${workersLost} as workers_lost, ${allowedMore} as allowed_more
      from unnest($1::bigint[], $2::bigint[], $3::text[], $4::boolean[])
             with ordinality r (attempt, worker, fence, only_if_expired, at)
      join leases l on (l.attempt_id, l.worker_id, l.fence) = (r.attempt, r.worker, r.fence)
      join builds b on b.id = l.build_id join derivations d on d.id = b.id
     where l.attempt_id = any ($1) and b.id = any (array(select build_id from held))
       and d.id = any (array(select build_id from held))
       and (not r.only_if_expired or l.expires_at < now())
     order by l.attempt_id
       for update of l, b),
  expected as (
    select derivation_id, name, path from outputs
     where derivation_id = any (array(select build_id from held))),
  uploaded as (
    select principal, store_id, path, nar_hash from uploads where principal = any ($5)),
  offered as (
    select store_id, path, nar_hash from store_paths
     where store_id = any (array(select store_id from live)) and hash_part = any ($6)
       and path = any ($7) and withdrawn_at is null
     order by id for key share),
  withdrawn as (
    select store_id, hash_part from store_paths
     where store_id = any (array(select store_id from live)) and hash_part = any ($6)
       and withdrawn_at is not null),
  relied as (
    select store_id, path from upstream_paths
     where store_id = any (array(
             select id from stores
              where id = any (array(select store_id from live)) and mode = 'rely'))
       and hash_part = any ($6) and path = any ($7))
  select (select json_agg(t) from live t) as live,
         (select json_agg(t order by t.name) from expected t) as expected,
         (select json_agg(t) from uploaded t) as uploaded,
         (select json_agg(t) from offered t) as offered,
         (select json_agg(t) from withdrawn t) as withdrawn,
         (select json_agg(t) from relied t) as relied`,
};

/** What is offered already stays as it is; paths are offered in their order. */
export const writeEnds: Prepared = {
  name: 'reports-written',
  text: `
  with used as (
    delete from uploads where principal = any ($2)
    returning principal, store_id, path, nar_hash, nar_size, compression, file_hash, file_size,
              file_key),
  made as (
    insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, attempt_id)
    select u.store_id, left(u.path, 32), u.path, u.nar_hash, u.nar_size, t.deriver, t.attempt
      from unnest($15::bigint[], $16::bigint[], $17::text[], $18::text[])
             t (attempt, store, deriver, path)
      join used u on u.principal = 'attempt-' || t.attempt
                 and u.store_id = t.store and u.path = t.path
     order by u.store_id, u.path
    on conflict (store_id, hash_part) do nothing returning id, store_id, path, attempt_id),
  packed as (
    insert into nars (path_id, compression, file_hash, file_size, file_key)
    select m.id, u.compression, u.file_hash, u.file_size, u.file_key
      from made m join used u on u.principal = 'attempt-' || m.attempt_id
                             and u.store_id = m.store_id and u.path = m.path),
  referring as (
    insert into store_path_references (path_id, reference)
    select distinct m.id, r.reference
      from made m join unnest($19::bigint[], $20::text[], $21::text[]) r (attempt, path, reference)
                    on r.attempt = m.attempt_id and r.path = m.path),
  freed as (delete from leases where attempt_id = any ($1)),
  closed as (
    update attempts a
       set status = t.status, reason = t.reason, message = t.message, exit_code = t.exit_code,
           ended_at = now(), log_bytes = greatest(a.log_bytes, t.log_bytes)
      from unnest($1::bigint[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::int[],
                  $9::bigint[])
             t (attempt, evaluation, status, reason, message, exit_code, log_bytes)
     where a.evaluation_id = any ($3) and a.id = any ($1)
       and a.evaluation_id = t.evaluation and a.id = t.attempt and a.ended_at is null
    returning a.id),
  moved as (
    update builds b
       set status = t.status, reason = t.reason, farm_faults = t.farm_faults,
           failure_propagated = false, release_expires_at = null,
           not_before = now() + make_interval(secs => t.back_off),
           ended_at = case when t.status = 'scheduled' then null else now() end,
           started_at = case when t.status = 'scheduled' then null else b.started_at end
      from unnest($10::bigint[], $11::text[], $12::text[], $13::smallint[], $14::float8[])
             t (build, status, reason, farm_faults, back_off)
     where b.id = any ($10) and b.id = t.build and b.status in ('submitted', 'started')
    returning b.id)
  select must_hold((select count(*) from closed) = cardinality($1)
                   and (select count(*) from moved) = cardinality($1),
                   'a lease has an open attempt and a build that is submitted or started')`,
};

/** What was withdrawn and comes again is a new offer. */
export const forgetWithdrawn: Prepared = {
  name: 'withdrawn-forgotten',
  text: `
  select forget_withdrawn(t.store, array[t.part])
    from unnest($1::bigint[], $2::text[]) t (store, part)`,
};

/** Of what was made for untrusted requests: whether it may ever be trusted hangs on it. */
export const noteSandboxed: Prepared = {
  name: 'sandboxed-noted',
  text: `
  update store_paths p set sandboxed = true
    from unnest($1::bigint[], $2::text[], $3::bigint[]) t (store, part, attempt)
   where p.store_id = any ($1) and p.hash_part = any ($2)
     and p.store_id = t.store and p.hash_part = t.part and p.attempt_id = t.attempt`,
};

/** What is offered stays; that the build made other bytes is kept with both hashes. */
export const noteDiffering: Prepared = {
  name: 'differing-noted',
  text: `
  insert into differing_nars (store_id, path, offered_hash, other_hash, principal)
  select * from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[])
  on conflict do nothing`,
};

/** Outputs whose path was not known before they were built. */
export const learnOutputs: Prepared = {
  name: 'outputs-learnt',
  text: `
  update outputs o set path = t.path
    from unnest($1::bigint[], $2::text[], $3::text[]) t (build, name, path)
   where o.derivation_id = any ($1) and o.derivation_id = t.build and o.name = t.name
     and o.path is distinct from t.path`,
};
