/**
 * The SQL that follows results: see the model in the domain's standing.ts. What is asked of the
 * jobs of many builds goes build by build down an index, whatever Postgres thinks of the numbers.
 */
import { isUnfinished } from './planner-rows.js';

export const anythingToWeigh = `
  select exists (select from build_turns)
      or exists (select from evaluations where weighed_at is null and status <> 'started')
         as anything`;

export const takeTurns = `
  delete from build_turns where ctid = any (array(select ctid from build_turns limit $1))
  returning build_id as build, was, became`;

export const nextEvaluation = `
  select id, specification_id as specification, status, pruned_at is not null as pruned
    from evaluations where weighed_at is null and status <> 'started' order by id limit 1`;

export const markWeighed = `
  update evaluations set weighed_at = now() where id = $1 and weighed_at is null`;

const movedColumns = ['succeeded', 'failed', 'failed-dependency', 'failed-other', 'canceled']
  .map((status) => {
    const moved = `(t.became = '${status}')::int - (t.was = '${status}')::int`;
    return `sum(${moved}) as ${status.replace('-', '_')}`;
  })
  .join(', ');

/** By how many builds each evaluation's counts change; answers these evaluations. */
export const moveCounts = `
  update evaluation_counts c
     set succeeded = c.succeeded + d.succeeded, failed = c.failed + d.failed,
         failed_dependency = c.failed_dependency + d.failed_dependency,
         failed_other = c.failed_other + d.failed_other, canceled = c.canceled + d.canceled
    from (
      select j.evaluation_id, ${movedColumns}
        from unnest($1::bigint[], $2::text[], $3::text[]) t (build, was, became)
       cross join lateral (select evaluation_id from jobs where build_id = t.build offset 0) j
       group by 1) d
   where c.evaluation_id = d.evaluation_id
  returning c.evaluation_id as id`;

export const countJobs = `
  insert into evaluation_counts (evaluation_id, jobs, errors, succeeded, failed, failed_dependency,
                                 failed_other, canceled)
  select $1, count(*), count(*) filter (where j.build_id is null),
         count(*) filter (where b.status = 'succeeded'),
         count(*) filter (where b.status = 'failed'),
         count(*) filter (where b.status = 'failed-dependency'),
         count(*) filter (where b.status = 'failed-other'),
         count(*) filter (where b.status = 'canceled')
    from jobs j left join builds b on b.id = j.build_id where j.evaluation_id = $1
  on conflict (evaluation_id) do nothing`;

/** A build that was restarted turns within its evaluation: what it did before it stays counted. */
export const countChanges = `
  update evaluation_counts c
     set new_failures = n.failures, new_successes = n.successes
    from unnest($1::bigint[]) t (evaluation)
   cross join lateral (
     select count(distinct (w.name_id, w.system))
              filter (where w.weather = 'new-failure' and b.status = 'failed') as failures,
            count(distinct (w.name_id, w.system))
              filter (where w.weather = 'new-success' and b.status = 'succeeded') as successes
       from weather_changes w join builds b on b.id = w.build_id
      where w.evaluation_id = t.evaluation and w.reference_evaluation_id < w.evaluation_id) n
   where c.evaluation_id = t.evaluation
     and (c.new_failures, c.new_successes) is distinct from (n.failures, n.successes)`;

/**
 * The result of a name and system in an evaluation: of several packages of one name it is a failure
 * if one of them fails, and there is none before all have ended.
 */
const resultColumns = `
  bool_and(b.status = 'succeeded') filter (where b.status in ('succeeded', 'failed')) as succeeded,
  (array_agg(b.id order by b.status = 'succeeded', b.id desc)
     filter (where b.status in ('succeeded', 'failed')))[1] as build,
  max(b.ended_at) as ended_at`;
const hasResult = `
  not bool_or(${isUnfinished}) and bool_or(b.status in ('succeeded', 'failed'))`;

/** Of the jobs that point at these builds, in evaluations that were weighed. */
const resultsOfBuilds = `
  select k.s, k.n, k.y, k.e, r.build, r.succeeded, greatest(r.ended_at, k.read_at) as at
    from (select distinct e.specification_id as s, j.name_id as n, j.system as y, e.id as e,
                          e.ended_at as read_at
            from unnest($1::bigint[]) t (build)
           cross join lateral (select evaluation_id, name_id, system from jobs
                                where build_id = t.build offset 0) j
            join evaluations e on e.id = j.evaluation_id and e.status = 'succeeded'
                              and e.weighed_at is not null) k
   cross join lateral (
     select ${resultColumns} from jobs j join builds b on b.id = j.build_id
      where j.evaluation_id = k.e and j.name_id = k.n and j.system = k.y
     having ${hasResult}) r`;

const resultsOfEvaluation = `
  select e.specification_id as s, r.name_id as n, r.system as y, e.id as e, r.build, r.succeeded,
         greatest(r.ended_at, e.ended_at) as at
    from evaluations e cross join lateral (
      select j.name_id, j.system, ${resultColumns}
        from jobs j join builds b on b.id = j.build_id
       where j.evaluation_id = e.id group by 1, 2 having ${hasResult}) r
   where e.id = $1`;

/** What is older is history when it is first heard of, and nobody is told of it. */
const newsForDays = 7;

/** Results that a newer evaluation has overtaken change nothing. */
function follow(results: string): string {
  const window = 'over (partition by r.s, r.n, r.y order by r.e)';
  return `
  with found as materialized (${results}),
  seen as materialized (
    select r.*, t.evaluation_id is null as is_first,
           coalesce(lag(r.succeeded) ${window}, t.succeeded) as before,
           coalesce(lag(r.e) ${window}, t.evaluation_id) as before_e,
           coalesce(lag(r.build) ${window}, t.build_id) as before_build
      from found r left join job_standings t
        on t.specification_id = r.s and t.name_id = r.n and t.system = r.y
     where t.evaluation_id is null or r.e >= t.evaluation_id),
  turned as (
    insert into weather_changes (specification_id, evaluation_id, build_id, name_id, system,
      weather, changed_at, reference_evaluation_id, reference_build_id, is_news, told)
    select s, e, build, n, y, case when succeeded then 'new-success' else 'new-failure' end,
           at, before_e, before_build, at > now() - interval '${newsForDays} days',
           at <= now() - interval '${newsForDays} days'
      from seen where before <> succeeded order by e, build
    returning evaluation_id),
  stands as (
    insert into job_standings (specification_id, name_id, system, first_evaluation_id,
      first_succeeded, evaluation_id, build_id, succeeded)
    select distinct on (s, n, y) s, n, y, first_value(e) over oldest,
           first_value(succeeded) over oldest, e, build, succeeded
      from seen window oldest as (partition by s, n, y order by e)
     order by s, n, y, e desc
    on conflict (specification_id, name_id, system) do update
      set evaluation_id = excluded.evaluation_id, build_id = excluded.build_id,
          succeeded = excluded.succeeded)
  select count(*) as turned from turned`;
}

export const followBuilds = follow(resultsOfBuilds);
export const followEvaluation = follow(resultsOfEvaluation);
