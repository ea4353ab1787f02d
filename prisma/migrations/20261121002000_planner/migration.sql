-- What the planner must hear of, told by triggers so that no writer can forget it. A reader's
-- position is a snapshot (pg_current_snapshot): what its snapshot could not see is what is new, so a
-- transaction that commits late is neither missed nor waited for.
--
-- Unlogged: a crash of Postgres empties it, and with it breaks the leader's connection, after which
-- the planner is rebuilt from the builds themselves.
create unlogged table planner_changes (
  xid           xid8 not null default pg_current_xact_id(),
  -- One build; or, with last_build, the range of ids that one statement inserted.
  first_build   bigint,
  last_build    bigint,
  evaluation_id bigint
);
create index planner_changes_by_xid on planner_changes (xid);

-- Changes of transactions below it have been forgotten: a reader whose position is older starts
-- again from the builds.
create table planner_floor (
  only_row boolean primary key default true check (only_row),
  xid      xid8 not null
);

create function tell_planner_of_builds() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into planner_changes (first_build, last_build)
    select min(id), max(id) from changed having count(*) > 0;
  else
    insert into planner_changes (first_build) select id from changed;
  end if;
  return null;
end $$;

create trigger builds_told_when_inserted after insert on builds
  referencing new table as changed for each statement execute function tell_planner_of_builds();
create trigger builds_told_when_updated after update on builds
  referencing new table as changed for each statement execute function tell_planner_of_builds();

create function tell_planner_of_evaluations() returns trigger language plpgsql as $$
begin
  insert into planner_changes (evaluation_id) select id from changed;
  return null;
end $$;

create trigger evaluations_told_when_inserted after insert on evaluations
  referencing new table as changed for each statement execute function tell_planner_of_evaluations();
create trigger evaluations_told_when_updated after update on evaluations
  referencing new table as changed for each statement execute function tell_planner_of_evaluations();

-- How long builds of a name take: milliseconds on a worker of speed 1, newer attempts weighing more.
create table package_durations (
  package_name text not null,
  system       text not null,
  milliseconds double precision not null,
  samples      integer not null,
  updated_at   timestamptz not null default now(),
  primary key (package_name, system)
);
