-- Restarts, cancels, and failures that stay where they belong.

-- The limits that the last attempt was given: a build that ran out of time then may run again when
-- somebody allows it more.
alter table builds
  add column tried_timeout_seconds    integer,
  add column tried_max_silent_seconds integer;

-- A finished evaluation whose builds nobody wishes for any more on its account. One that is still
-- read when it is canceled ends `aborted` instead.
alter table evaluations
  add column canceled_at   timestamptz,
  add column cancel_reason text;

-- What somebody asked to happen to many builds. Written with the change that it belongs to and
-- carried out by the coordinator, in batches, until `finished_at` says so: a process that ends in
-- between leaves the row, and the next one goes on.
create table intents (
  id            bigint generated always as identity primary key,
  kind          text not null check (kind in ('restart', 'cancel')),
  -- Which of the failed ones are restarted; null for a cancel.
  mode          text check (mode in
    ('with-failed-dependents', 'failed', 'infrastructure', 'canceled', 'all')),
  evaluation_id bigint,
  build_id      bigint,
  reason        text not null,
  requested_at  timestamptz not null default now(),
  finished_at   timestamptz,
  -- How many builds it has moved so far.
  moved         integer not null default 0,
  check ((evaluation_id is null) <> (build_id is null)),
  check ((kind = 'cancel') = (mode is null))
);
create index intents_unfinished on intents (id) where finished_at is null;
create index intents_canceling on intents (id) where kind = 'cancel';

create index leases_canceled on leases (build_id) where cancel_reason is not null;

-- A worker that failed everything was drained: its attempts up to this one have been judged.
alter table workers add column judged_attempt_id bigint not null default 0;
