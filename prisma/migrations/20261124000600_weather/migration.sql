-- Weather, counts and metrics: what pages would otherwise count anew each time. The coordinator
-- keeps them behind the truth by a second or so.

-- Builds that ended, or that were scheduled again after they had. Written in the transaction of the
-- change itself, taken away in the transaction that counts it; small, so it needs no index.
create table build_turns (
  build_id bigint not null,
  was      text,
  became   text not null
);

-- One statement tells the planner and the counts, as both want the same rows.
create function tell_of_updated_builds() returns trigger language plpgsql as $$
begin
  with told as (insert into planner_changes (first_build) select id from changed)
  insert into build_turns (build_id, was, became)
  select c.id, b.status, c.status
    from changed c join before_change b on b.id = c.id
   where b.status <> c.status
     and not (b.status in ('scheduled', 'submitted', 'started')
              and c.status in ('scheduled', 'submitted', 'started'));
  return null;
end $$;
drop trigger builds_told_when_updated on builds;
create trigger builds_told_when_updated after update on builds
  referencing old table as before_change new table as changed
  for each statement execute function tell_of_updated_builds();

-- When its jobs were counted, and their weather told if it has succeeded.
alter table evaluations add column weighed_at timestamptz;
create index evaluations_unweighed on evaluations (id)
  where weighed_at is null and status <> 'started';

-- The jobs of an evaluation that was weighed, by what became of their builds; the rest is unfinished.
create table evaluation_counts (
  evaluation_id     bigint primary key,
  jobs              integer not null default 0,
  errors            integer not null default 0,
  succeeded         integer not null default 0,
  failed            integer not null default 0,
  failed_dependency integer not null default 0,
  failed_other      integer not null default 0,
  canceled          integer not null default 0,
  -- Of those that failed, or succeeded, now: the ones that did not before.
  new_failures      integer not null default 0,
  new_successes     integer not null default 0
) with (fillfactor = 60);

-- How each job of a specification stands: its newest result, in the order of evaluations.
create table job_standings (
  specification_id    bigint not null,
  name_id             bigint not null,
  system              text not null,
  -- The first evaluation that had a result, and which.
  first_evaluation_id bigint not null,
  first_succeeded     boolean not null,
  evaluation_id       bigint not null,
  build_id            bigint not null,
  succeeded           boolean not null,
  primary key (specification_id, name_id, system)
) with (fillfactor = 70);

-- A build that is restarted after it failed may be mended in the same evaluation, and break there
-- again: that each turn is written once follows from the standing, which changes with it.
alter table weather_changes
  drop constraint weather_changes_evaluation_id_name_id_system_build_id_key,
  -- What the job was before.
  add column reference_evaluation_id bigint,
  add column reference_build_id      bigint,
  -- Old when it was found: nobody is told of it.
  add column is_news                 boolean not null default true;
create index weather_changes_by_evaluation on weather_changes (evaluation_id, name_id);
create index weather_changes_by_job
  on weather_changes (specification_id, name_id, system, evaluation_id desc, id desc);

-- What is measured of the farm: for a specification, an evaluation, a worker, or a day.
create table metrics (
  kind        text not null,
  field       text not null,
  value       double precision not null,
  measured_at timestamptz not null default now(),
  primary key (kind, field)
);
create index metrics_by_age on metrics (kind, measured_at desc);
