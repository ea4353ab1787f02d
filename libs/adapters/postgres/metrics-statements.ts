/**
 * The SQL of each metric, as rows of (kind, field, value). None goes through more than a day of
 * builds, or the jobs of a few evaluations, so that each takes less than seconds of ten million.
 */
import { isUnfinished } from './planner-rows.js';

const yesterday = `(date_trunc('day', now() at time zone 'UTC') - interval '1 day')`;
const day = `to_char(${yesterday}, 'YYYY-MM-DD')`;
const today = `to_char(now() at time zone 'UTC', 'YYYY-MM-DD')`;
const onTheDay = (column: string): string => `
  ${column} >= ${yesterday} at time zone 'UTC'
  and ${column} < (${yesterday} + interval '1 day') at time zone 'UTC'`;

/** Evaluations that ended, the newest of each specification first. */
const ofSpecifications = `
  with ended as (
    select s.name, e.status, extract(epoch from e.ended_at - e.started_at) as seconds,
           row_number() over (partition by s.id order by e.id desc) as place
      from specifications s join evaluations e on e.specification_id = s.id
     where s.archived_at is null and e.status in ('succeeded', 'failed'))
  select kind, name as field, value from (
    select name,
           avg(seconds) filter (where status = 'succeeded' and place <= 10) as a,
           avg(seconds) filter (where status = 'succeeded' and place <= 100) as b,
           avg(seconds) filter (where status = 'succeeded') as c,
           100.0 * avg((status = 'failed')::int) filter (where place <= 10) as d,
           100.0 * avg((status = 'failed')::int) filter (where place <= 100) as e,
           100.0 * avg((status = 'failed')::int) as f
      from ended group by name) m
  cross join lateral (values
    ('evaluation-seconds-last-10', a), ('evaluation-seconds-last-100', b),
    ('evaluation-seconds-all', c), ('failed-evaluations-percent-last-10', d),
    ('failed-evaluations-percent-last-100', e), ('failed-evaluations-percent-all', f)
  ) v (kind, value) where value is not null`;

const endedOnDay = `
  select 'builds-ended-on-day' as kind, ${day} as field, count(*) as value from builds
   where ended_at is not null and ${onTheDay('ended_at')}`;

/** Of today, measured again each hour: the last one of the day stays. */
const pendingOnDay = `
  select 'builds-pending-on-day' as kind, ${today} as field, count(*) as value
    from builds b where b.status = 'scheduled'`;

const newOnDay = `
  select 'derivations-new-on-day' as kind, ${day} as field,
         coalesce(sum(new_build_count), 0) as value
    from evaluations where ${onTheDay('started_at')}`;

/** At most so many at once, each once: those of which no build is unfinished. */
const evaluationsAtOnce = 50;
const ofEvaluations = `
  with done as (
    select e.id, e.started_at from evaluations e
      join evaluation_counts c on c.evaluation_id = e.id
     where e.status = 'succeeded' and e.ended_at > now() - interval '30 days'
       and c.jobs = c.errors + c.succeeded + c.failed + c.failed_dependency + c.failed_other
                    + c.canceled
       and not exists (select from metrics m where m.kind = 'evaluation-builds-per-hour'
                                               and m.field = e.id::text)
     order by e.id desc limit ${evaluationsAtOnce})
  select kind, id::text as field, value from (
    select d.id, avg(extract(epoch from b.started_at - d.started_at)) as starts,
           extract(epoch from max(b.ended_at) - min(d.started_at)) as ends,
           count(*) * 3600.0 / nullif(extract(epoch from max(b.ended_at) - min(d.started_at)), 0)
             as speed
      from done d
     cross join lateral (select build_id from jobs where evaluation_id = d.id offset 0) j
     cross join lateral (
       select evaluation_id, started_at, ended_at from builds b
        where id = j.build_id and not ${isUnfinished} offset 0) b
     -- What an earlier evaluation brought says nothing of this one.
     where b.evaluation_id = d.id and b.started_at is not null group by 1) m
  cross join lateral (values
    ('evaluation-seconds-until-builds-start', starts),
    ('evaluation-seconds-until-builds-end', ends), ('evaluation-builds-per-hour', speed)
  ) v (kind, value) where value is not null`;

const ofWorkers = `
  select 'worker-builds-last-day' as kind, w.name as field, count(a.worker_id) as value
    from workers w left join (
      select a.worker_id
        from (select id, evaluation_id from builds where ended_at > now() - interval '1 day') b
       cross join lateral (select worker_id from attempts
                            where evaluation_id = b.evaluation_id and build_id = b.id
                            order by number desc limit 1) a) a on a.worker_id = w.id
   where w.removed_at is null group by w.name`;

export const measurements = [
  ofSpecifications,
  endedOnDay,
  pendingOnDay,
  newOnDay,
  ofEvaluations,
  ofWorkers,
];

export function keptAs(measurement: string): string {
  return `
  insert into metrics (kind, field, value)
  select kind, field, value from (${measurement}) m
  on conflict (kind, field) do update set value = excluded.value, measured_at = now()`;
}
