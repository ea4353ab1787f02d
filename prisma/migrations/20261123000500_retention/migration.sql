-- What the farm keeps, what it lets go, and when its disk is short.

-- Base names of the input sources; null where the derivation was registered before they were kept,
-- and as long as such derivations stand, no source of their store is let go.
alter table derivations add column sources text[];
create index derivations_sources_unknown on derivations (store_id) where sources is null;
create index derivations_by_pack on derivations (pack_id) where pack_id is not null;

-- The row of an evaluation stays; its jobs are gone.
alter table evaluations add column pruned_at timestamptz;

-- Kept by hand, whatever its age, with all that it needs.
create table pins (
  id         bigint generated always as identity primary key,
  store_id   bigint not null references stores (id),
  -- Base name.
  path       text not null,
  note       text not null default '',
  created_at timestamptz not null default now(),
  expires_at timestamptz,
  unique (store_id, path)
);

-- An evaluation that was given to people under a name. Earlier ones of the name are its history.
create table releases (
  id            bigint generated always as identity primary key,
  name          text not null,
  evaluation_id bigint not null references evaluations (id),
  note          text not null default '',
  created_at    timestamptz not null default now(),
  -- Null: for ever. Afterwards the row stays as history.
  expires_at    timestamptz,
  unique (name, evaluation_id)
);
create index releases_by_evaluation on releases (evaluation_id);

-- Derivations that no kept evaluation led to when somebody looked last. An evaluation that begins
-- afterwards takes them for unknown and registers them anew, which lifts it.
create table condemned_derivations (
  derivation_id bigint primary key,
  condemned_at  timestamptz not null default now()
);

-- Files that no row names any more: a substituter unlinks them after a while, and holds the row
-- locked meanwhile. A row that comes to name the file lifts it.
create table condemned_files (
  file_key     text primary key,
  -- A nar, pack or build product in the nar store; or a log, by its key.
  kind         text not null default 'nar' check (kind in ('nar', 'log')),
  size         bigint not null default 0,
  condemned_at timestamptz not null default now()
);
create index condemned_files_in_order on condemned_files (condemned_at, file_key);

create function reprieve_files() returns trigger language plpgsql as $$
begin
  delete from condemned_files
   where file_key = any (array(select file_key from named where file_key is not null));
  return null;
end $$;
create function reprieve_packs() returns trigger language plpgsql as $$
begin
  delete from condemned_files where file_key = any (array(select hash || '.pack.zst' from named));
  return null;
end $$;
create trigger uploads_reprieve after insert on uploads
  referencing new table as named for each statement execute function reprieve_files();
create trigger uploads_reprieve_again after update on uploads
  referencing new table as named for each statement execute function reprieve_files();
create trigger nars_reprieve after insert on nars
  referencing new table as named for each statement execute function reprieve_files();
create trigger build_products_reprieve after insert on build_products
  referencing new table as named for each statement execute function reprieve_files();
create trigger build_products_reprieve_again after update on build_products
  referencing new table as named for each statement execute function reprieve_files();
create trigger derivation_packs_reprieve after insert on derivation_packs
  referencing new table as named for each statement execute function reprieve_packs();
create trigger derivation_packs_reprieve_again after update on derivation_packs
  referencing new table as named for each statement execute function reprieve_packs();

create function is_named_file(key text) returns boolean language sql stable as $$
  select exists (select from nars where file_key = key)
      or exists (select from uploads where file_key = key)
      or exists (select from build_products where file_key = key)
      or (key like '%.pack.zst'
          and exists (select from derivation_packs where hash = left(key, 64)))
$$;
create index uploads_by_file on uploads (file_key);
create index derivation_packs_by_hash on derivation_packs (hash);

-- One collection of garbage: wished by a person or by the clock, carried out by the coordinator in
-- batches, with its progress.
create table collections (
  id             bigint generated always as identity primary key,
  wished_by      text not null check (wished_by in ('person', 'clock', 'disk')),
  -- Says what would go, and lets nothing go.
  dry_run        boolean not null default false,
  -- Ends when so many bytes are let go; null: everything that may go.
  wanted_bytes   bigint check (wanted_bytes > 0),
  requested_at   timestamptz not null default now(),
  started_at     timestamptz,
  finished_at    timestamptz,
  phase          text not null default 'waiting' check (phase in
    ('waiting', 'evaluations', 'derivations', 'looking', 'paths', 'packs', 'finished', 'failed')),
  fault          text,
  -- So far; for a dry run what would be.
  evaluations    integer not null default 0,
  derivations    bigint not null default 0,
  paths_looked   bigint not null default 0,
  paths_found    bigint not null default 0,
  paths          bigint not null default 0,
  bytes          bigint not null default 0,
  packs          bigint not null default 0,
  logs           bigint not null default 0
);
create index collections_open on collections (id) where finished_at is null;

-- A disk of the farm, as the process that writes to it sees it.
create table disks (
  -- The process and its host.
  name        text primary key,
  place       text not null,
  level       text not null check (level in ('roomy', 'soft', 'hard')),
  free_bytes  bigint not null,
  total_bytes bigint not null,
  since       timestamptz not null default now(),
  seen_at     timestamptz not null default now()
);
