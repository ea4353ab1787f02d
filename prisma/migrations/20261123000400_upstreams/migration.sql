-- Substitute servers that are asked before anything is built, and what is believed of them.

create table upstreams (
  id              bigint generated always as identity primary key,
  store_id        bigint not null references stores (id),
  -- Without a trailing slash: narinfos lie at URL/HASH.narinfo.
  url             text not null check (url ~ '^https?://[^[:space:]]*[^/[:space:]]$'),
  -- Of the store's dialect; what none of them has signed counts as absent.
  public_keys     text[] not null check (cardinality(public_keys) > 0),
  -- The lower, the sooner it is asked.
  position        integer not null default 100,
  timeout_seconds real not null default 10 check (timeout_seconds > 0),
  created_at      timestamptz not null default now(),
  removed_at      timestamptz,
  -- As the process that asked it last has found it.
  answered_at     timestamptz,
  failing_since   timestamptz,
  fault           text
);
create unique index upstreams_live on upstreams (store_id, url) where removed_at is null;

-- What an upstream has offered, with its signature looked at. Believed for some hours and then
-- asked again; what is not here is not known to be absent.
create table upstream_paths (
  store_id    bigint not null,
  hash_part   text not null,
  path        text not null,
  upstream_id bigint not null references upstreams (id),
  nar_hash    text not null,
  "references" text[] not null,
  deriver     text,
  ca          text,
  narinfo     text not null,
  seen_at     timestamptz not null default now(),
  primary key (store_id, hash_part)
);
create index upstream_paths_by_age on upstream_paths (seen_at);
create index upstream_paths_by_upstream on upstream_paths (upstream_id);

-- Builds that are fetched from an upstream instead of being built. Each stays `scheduled`, and held
-- by its `not_before`, until its outputs are offered here or the fetch is given up.
create table substitutions (
  build_id      bigint primary key,
  store_id      bigint not null,
  -- Something that will be built needs it.
  urgent        boolean not null,
  wished_at     timestamptz not null default now(),
  -- Another substituter fetches it until then; or it rests until then after a fault.
  claimed_until timestamptz not null default '-infinity',
  tries         smallint not null default 0
);
create index substitutions_next on substitutions (urgent desc, build_id);
