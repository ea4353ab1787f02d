-- The truth of the farm. Ids are bigint and stable for ever (they stand in mail archives), times are
-- timestamptz on the database's clock, and every store path is keyed by its store.

-- A store directory with the key that signs it. The same directory may be served under several keys.
create table stores (
  id   bigint generated always as identity primary key,
  slug text not null unique,
  dir  text not null,
  key  text not null,
  unique (dir, key)
);
insert into stores (slug, dir, key) values
  ('nix', '/nix/store', 'main'),
  ('guix', '/gnu/store', 'main'),
  ('local', '/gambeson/store', 'main');

-- Specifications -----------------------------------------------------------------------------------

create table specifications (
  id           bigint generated always as identity primary key,
  name         text not null,
  version      integer not null,
  next_poll_at timestamptz not null default now(),
  created_at   timestamptz not null default now(),
  updated_at   timestamptz not null default now(),
  archived_at  timestamptz
);
create unique index specifications_live_name on specifications (name) where archived_at is null;

-- Every edit is a new version; an evaluation says which one it read.
create table specification_versions (
  specification_id bigint not null references specifications (id),
  version          integer not null,
  document         jsonb not null,
  created_at       timestamptz not null default now(),
  primary key (specification_id, version)
);

-- What the last fetch of each channel found: a revision, or the error that is shown on the specification.
create table channel_states (
  specification_id bigint not null references specifications (id),
  channel          text not null,
  url              text not null,
  branch           text not null,
  revision         text,
  fetched_at       timestamptz,
  error_code       text,
  error_message    text,
  error_since      timestamptz,
  failures         integer not null default 0,
  rewound_from     text,
  rewound_at       timestamptz,
  primary key (specification_id, channel)
);

-- Evaluations --------------------------------------------------------------------------------------

create table evaluations (
  id                    bigint generated always as identity primary key,
  specification_id      bigint not null references specifications (id),
  specification_version integer not null,
  revisions_digest      text not null,
  try                   integer not null,
  trigger               text not null check (trigger in ('poll', 'hook', 'edit', 'retry')),
  status                text not null check (status in ('started', 'succeeded', 'failed', 'aborted')),
  reason                text,
  message               text,
  started_at            timestamptz not null default now(),
  ended_at              timestamptz,
  job_count             integer not null default 0,
  error_count           integer not null default 0,
  derivation_count      integer not null default 0,
  new_build_count       integer not null default 0,
  -- The evaluator that reads it now; another takes over when the lease has run out.
  evaluator             text,
  lease_fence           text,
  lease_expires_at      timestamptz,
  reads                 integer not null default 0,
  foreign key (specification_id, specification_version)
    references specification_versions (specification_id, version),
  unique (specification_id, specification_version, revisions_digest, try)
);
create index evaluations_by_specification on evaluations (specification_id, id desc);
create index evaluations_unfinished on evaluations (id) where status = 'started';

create table checkouts (
  evaluation_id bigint not null references evaluations (id),
  channel       text not null,
  url           text not null,
  branch        text not null,
  revision      text not null,
  primary key (evaluation_id, channel)
);
create index checkouts_by_revision on checkouts (revision);

-- Derivations and builds ---------------------------------------------------------------------------

-- Packs hold many .drv files, named by their hash; the bytes lie with the substituter.
create table derivation_packs (
  id               bigint generated always as identity primary key,
  store_id         bigint not null references stores (id),
  hash             text not null,
  size             bigint not null,
  derivation_count integer not null,
  created_at       timestamptz not null default now(),
  unique (store_id, hash)
);

create sequence derivations_id_seq;
create table derivations (
  id                 bigint primary key default nextval('derivations_id_seq'),
  store_id           bigint not null,
  path               text not null,
  name               text not null,
  package_name       text not null,
  system             text not null,
  required_features  text[] not null default '{}',
  fixed_output       boolean not null default false,
  pack_id            bigint,
  created_at         timestamptz not null default now(),
  unique (store_id, path)
);
create index derivations_by_package on derivations (package_name, system);

create table derivation_inputs (
  derivation_id bigint not null,
  input_id      bigint not null,
  primary key (derivation_id, input_id)
);
create index derivation_inputs_reverse on derivation_inputs (input_id, derivation_id);

-- `path` is the base name, and unknown until built for a content-addressed output.
create table outputs (
  derivation_id bigint not null,
  name          text not null,
  store_id      bigint not null,
  path          text,
  primary key (derivation_id, name)
);
create index outputs_by_path on outputs (store_id, path);

-- The wish that one derivation be realised. A build bears its derivation's id, since there is at most
-- one. The row is narrow because it is what changes; the derivation beside it never does.
create table builds (
  id                 bigint primary key,
  evaluation_id      bigint not null,
  status             text not null default 'scheduled' check (status in
    ('scheduled', 'submitted', 'started', 'succeeded', 'failed', 'failed-dependency', 'failed-other', 'canceled')),
  reason             text,
  priority           smallint not null default 9 check (priority between 0 and 9),
  timeout_seconds    integer,
  max_silent_seconds integer,
  -- A release says that a ticket of this generation may be claimed until it expires.
  generation         integer not null default 0,
  worker_class       text,
  release_expires_at timestamptz,
  not_before         timestamptz,
  attempts           integer not null default 0,
  farm_faults        smallint not null default 0,
  failed_input_id    bigint,
  failure_propagated boolean not null default false,
  scheduled_at       timestamptz not null default now(),
  started_at         timestamptz,
  ended_at           timestamptz
) with (fillfactor = 80);
create index builds_scheduled on builds (priority, id) where status = 'scheduled';
create index builds_released on builds (worker_class, release_expires_at)
  where status = 'scheduled' and release_expires_at is not null;
create index builds_running on builds (id) where status in ('submitted', 'started');
create index builds_unpropagated on builds (id)
  where status in ('failed', 'failed-dependency', 'failed-other') and not failure_propagated;
create index builds_ended on builds (ended_at desc) where ended_at is not null;

create table job_names (
  id   bigint generated always as identity primary key,
  name text not null unique
);

-- A name in one evaluation for one system that points at a build, or says why it does not.
create sequence jobs_id_seq;
create table jobs (
  evaluation_id bigint not null,
  id            bigint not null default nextval('jobs_id_seq'),
  name_id       bigint not null,
  system        text not null,
  build_id      bigint,
  error         text,
  meta          jsonb not null default '{}',
  primary key (evaluation_id, id)
) partition by range (evaluation_id);
create index jobs_by_name on jobs (name_id, evaluation_id);
create index jobs_by_build on jobs (build_id);

-- Workers ------------------------------------------------------------------------------------------

create table workers (
  id              bigint generated always as identity primary key,
  name            text not null,
  credential_hash text not null,
  systems         text[] not null default '{}',
  features        text[] not null default '{}',
  slots           integer not null default 0,
  cores           integer not null default 0,
  speed           real not null default 1,
  class           text not null default '',
  protocol        integer,
  version         text,
  enrolled_at     timestamptz not null default now(),
  connected_at    timestamptz,
  last_seen_at    timestamptz,
  gateway         text,
  free_slots      integer not null default 0,
  load            real,
  memory_free     bigint,
  disk_free       bigint,
  draining        boolean not null default false,
  paused_at       timestamptz,
  pause_note      text,
  removed_at      timestamptz
);
create unique index workers_live_name on workers (name) where removed_at is null;

create table enrolment_tokens (
  token_hash text primary key,
  note       text not null default '',
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at    timestamptz,
  worker_id  bigint references workers (id)
);

-- One try of a build on one worker. History: partitioned, never locked by the living.
create sequence attempts_id_seq;
create table attempts (
  evaluation_id bigint not null,
  id            bigint not null default nextval('attempts_id_seq'),
  build_id      bigint not null,
  number        integer not null,
  worker_id     bigint not null,
  slot          integer not null,
  status        text not null check (status in
    ('submitted', 'started', 'succeeded', 'failed', 'failed-other', 'canceled')),
  -- Stays when the attempt is closed, so that a report repeated after its commit can be told from one
  -- that never owned the attempt: both find no lease.
  fence         text,
  reason        text,
  message       text,
  exit_code     integer,
  created_at    timestamptz not null default now(),
  started_at    timestamptz,
  ended_at      timestamptz,
  log_bytes     bigint not null default 0,
  primary key (evaluation_id, id)
) partition by range (evaluation_id);
create index attempts_by_build on attempts (build_id);
create index attempts_by_id on attempts (id);
create index attempts_by_worker on attempts (worker_id, id desc);

-- The live attempts, and only they: the primary key is the promise of at most one live attempt per
-- build, the unique slot makes a repeated claim return the same build.
create table leases (
  build_id      bigint primary key,
  attempt_id    bigint not null unique,
  evaluation_id bigint not null,
  worker_id     bigint not null references workers (id),
  slot          integer not null,
  fence         text not null,
  expires_at    timestamptz not null,
  cancel_reason text,
  unique (worker_id, slot)
) with (fillfactor = 70);
create index leases_by_expiry on leases (expires_at);

-- Since when some gateway could renew leases without a gap. Reaping waits one full lease after it, so
-- that an outage of ours reaps nothing.
create table gateway_presence (
  only_row boolean primary key default true check (only_row),
  up_since timestamptz not null,
  seen_at  timestamptz not null
);

-- Substitutes --------------------------------------------------------------------------------------

-- A nar that has arrived and whose hash was recomputed here, not yet offered.
create table uploads (
  id          bigint generated always as identity primary key,
  store_id    bigint not null references stores (id),
  path        text not null,
  principal   text not null,
  nar_hash    text not null,
  nar_size    bigint not null,
  compression text not null,
  file_hash   text not null,
  file_size   bigint not null,
  file_key    text not null,
  created_at  timestamptz not null default now(),
  unique (principal, store_id, path)
);

-- An offered path: when this row is there, the narinfo is visible. `path` is the base name, and its
-- first 32 characters are the key that clients ask by.
create table store_paths (
  id         bigint generated always as identity primary key,
  store_id   bigint not null references stores (id),
  hash_part  text not null,
  path       text not null,
  nar_hash   text not null,
  nar_size   bigint not null,
  deriver    text,
  ca         text,
  attempt_id bigint,
  offered_at timestamptz not null default now(),
  unique (store_id, hash_part)
);

create table store_path_references (
  path_id   bigint not null references store_paths (id) on delete cascade,
  reference text not null,
  primary key (path_id, reference)
);
create index store_path_references_reverse on store_path_references (reference);

create table nars (
  path_id     bigint not null references store_paths (id) on delete cascade,
  compression text not null,
  file_hash   text not null,
  file_size   bigint not null,
  file_key    text not null,
  primary key (path_id, compression)
);
-- A nar is asked for by its file name, and a collector asks whether anything offered still has a file.
create index nars_by_file on nars (file_key);

-- Partitions ---------------------------------------------------------------------------------------

-- Makes the partitions of jobs and attempts that hold one evaluation, 256 evaluations each.
create function ensure_evaluation_partitions(evaluation bigint) returns void
language plpgsql as $$
declare
  low  bigint := (evaluation / 256) * 256;
  part text;
  parent text;
begin
  foreach parent in array array['jobs', 'attempts'] loop
    part := format('%s_from_%s', parent, low);
    if to_regclass(part) is null then
      perform pg_advisory_xact_lock(726001);
      execute format('create table if not exists %I partition of %I for values from (%s) to (%s)',
                     part, parent, low, low + 256);
    end if;
  end loop;
end $$;
