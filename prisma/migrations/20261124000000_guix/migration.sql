-- Guix: channels with introductions and the channels that these pull in, specifications that a file
-- or a repository keeps, and jobs that broke or were mended.

-- Who keeps the specification: null is whoever edits it here, else `file:NAME` or `repository:NAME`.
alter table specifications add column managed_by text;

-- What channels.scm needs, so that an evaluation can be done again when its branch is gone.
alter table checkouts
  add column introduction_commit      text,
  add column introduction_fingerprint text,
  -- The channel whose .guix-channel pulled it in.
  add column via                      text,
  -- In the order of the specification, those that were pulled in after them.
  add column position                 smallint not null default 0,
  add check ((introduction_commit is null) = (introduction_fingerprint is null));

-- A job that fails though it last succeeded, or the other way round: written once, when the build
-- ends. Feeds and notifications read it, each from where it stopped.
create table weather_changes (
  id               bigint generated always as identity primary key,
  specification_id bigint not null references specifications (id),
  evaluation_id    bigint not null,
  build_id         bigint not null,
  name_id          bigint not null,
  system           text not null,
  weather          text not null check (weather in ('new-success', 'new-failure')),
  changed_at       timestamptz not null default now(),
  unique (evaluation_id, name_id, system, build_id)
);
create index weather_changes_by_specification on weather_changes (specification_id, id desc);
