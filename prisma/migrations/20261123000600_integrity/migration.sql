-- What is found of the bytes that are offered, and what was done about it.

-- A withdrawn path that comes again with whole bytes is a new offer: what is left of the old one
-- (its references, its signatures, its files) goes first, in the same transaction.
create function forget_withdrawn(store bigint, parts text[]) returns void
language sql as $$
  delete from store_paths
   where store_id = store and hash_part = any (parts) and withdrawn_at is not null
$$;

-- A wish that offered paths be verified; a substituter takes it up, goes through the paths in the
-- order of their ids, and keeps here how far it has come.
create table verifications (
  id            bigint generated always as identity primary key,
  -- Null: every store.
  store_id      bigint references stores (id),
  -- The part of the paths that is looked at, in ten thousandths; told apart by a seed.
  share         integer not null default 10000 check (share between 1 and 10000),
  seed          integer not null default 0,
  -- Without it what is found is only told.
  repair        boolean not null default false,
  requested_at  timestamptz not null default now(),
  started_at    timestamptz,
  ended_at      timestamptz,
  after_path    bigint not null default 0,
  paths         bigint not null default 0,
  bytes         bigint not null default 0,
  broken        bigint not null default 0,
  incomplete    bigint not null default 0,
  orphans       bigint not null default 0,
  orphan_bytes  bigint not null default 0,
  -- Why it ended early.
  fault         text
);
create index verifications_open on verifications (id) where ended_at is null;

-- The scrub goes round and round by itself.
create table scrub_position (
  only_row         boolean primary key default true check (only_row),
  after_path       bigint not null default 0,
  round_began_at   timestamptz not null default now(),
  paths            bigint not null default 0,
  bytes            bigint not null default 0,
  broken           bigint not null default 0,
  last_round_began timestamptz,
  last_round_ended timestamptz,
  last_round_paths bigint
);
insert into scrub_position default values;

create table store_findings (
  id              bigint generated always as identity primary key,
  found_at        timestamptz not null default now(),
  found_by        text not null check (found_by in ('serving', 'scrub', 'verification', 'encoding')),
  verification_id bigint references verifications (id) on delete cascade,
  store_id        bigint not null,
  -- Base name; null for a file that belongs to no path.
  path            text,
  file_key        text,
  kind            text not null,
  detail          text not null,
  -- told: nothing was changed; dropped: this file is not told any more, another one holds the path;
  -- withdrawn: the path is not offered any more.
  done            text not null check (done in ('told', 'dropped', 'withdrawn')),
  -- The build that was scheduled again.
  build_id        bigint
);
create index store_findings_of_verification on store_findings (verification_id)
  where verification_id is not null;

-- Whoever verifies wakes at once.
create function tell_verification() returns trigger language plpgsql as $$
begin
  perform pg_notify('verifications', new.id::text);
  return null;
end $$;
create trigger verifications_told after insert on verifications
  for each row execute function tell_verification();
