-- Who may write to stores from outside, and what is kept of what they push.

-- The token itself (256 random bits) is shown once; here lies its SHA-256 in hexadecimal.
create table access_tokens (
  id               bigint generated always as identity primary key,
  token_hash       text not null unique,
  name             text not null,
  -- What it is good for: one store, one specification, or both.
  store_id         bigint references stores (id),
  specification_id bigint references specifications (id),
  -- write includes read.
  access           text not null check (access in ('read', 'write')),
  created_at       timestamptz not null default now(),
  expires_at       timestamptz,
  revoked_at       timestamptz,
  -- Written at most every ten seconds.
  last_used_at     timestamptz,
  check (store_id is not null or specification_id is not null)
);

-- Public keys (NAME:BASE64) whose signatures make pushed paths of the same directory welcome here.
alter table stores add column trusted_keys text[] not null default '{}';

-- The signatures with which a path was pushed, beside those that the farm makes when it serves.
create table path_signatures (
  path_id   bigint not null references store_paths (id) on delete cascade,
  signature text not null,
  primary key (path_id, signature)
);

-- Other bytes than the offered ones, that came for an offered path: it is not reproducible.
create table differing_nars (
  id           bigint generated always as identity primary key,
  store_id     bigint not null references stores (id),
  path         text not null,
  offered_hash text not null,
  other_hash   text not null,
  -- As in uploads: attempt-12, token-3 or service.
  principal    text not null,
  seen_at      timestamptz not null default now(),
  unique (store_id, path, other_hash, offered_hash)
);
create index differing_nars_by_path on differing_nars (path);

-- Logs of builds that were done elsewhere; the bytes lie in the log store under pushed-ID.
create table pushed_logs (
  id         bigint generated always as identity primary key,
  store_id   bigint not null references stores (id),
  -- Base name of the `.drv`.
  derivation text not null,
  hash       text not null,
  size       bigint not null,
  created_at timestamptz not null default now(),
  unique (store_id, derivation)
);

-- An upload by a token bears the name of its file (`HASH.nar.xz`) as its path, since which store
-- path it belongs to is told afterwards.
comment on column uploads.path is 'base name of the store path, or the file name of a pushed nar';
