-- What was old when it was found is told to nobody.
drop index weather_changes_untold;
create index weather_changes_untold on weather_changes (id) where not told and is_news;

-- What the status of a commit at its forge shall be, by what its newest evaluation came to; only
-- the newest word is sent.
create table commit_statuses (
  id               bigint generated always as identity primary key,
  forge_id         bigint not null references forges (id),
  -- OWNER/NAME in small letters.
  repository       text not null,
  revision         text not null,
  -- What the forge tells statuses of one commit apart by: one for each specification.
  context          text not null,
  specification_id bigint not null references specifications (id),
  evaluation_id    bigint not null,
  -- Null: not judged yet.
  wanted           text check (wanted in ('pending', 'success', 'failure', 'error')),
  description      text not null default '',
  build_id         bigint,
  -- Since when all its builds have ended.
  settled_at       timestamptz,
  state            text not null default 'idle' check (state in ('idle', 'waiting', 'given-up')),
  attempts         integer not null default 0,
  next_try_at      timestamptz not null default now(),
  last_answer      text,
  claim            uuid,
  claimed_until    timestamptz,
  changed_at       timestamptz not null default now(),
  unique (forge_id, repository, revision, context)
);
create index commit_statuses_waiting on commit_statuses (forge_id, next_try_at)
  where state = 'waiting';
create index commit_statuses_unsettled on commit_statuses (id) where settled_at is null;
create index commit_statuses_failed on commit_statuses (settled_at) where wanted = 'failure';
create index commit_statuses_by_evaluation on commit_statuses (evaluation_id);
create index commit_statuses_given_up on commit_statuses (forge_id, repository)
  where state = 'given-up';
