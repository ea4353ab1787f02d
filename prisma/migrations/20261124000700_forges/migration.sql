-- Forges that tell of pushes and pull requests, what they told, and the specifications that pull
-- requests got of their own.

create table forges (
  id                bigint generated always as identity primary key,
  -- As in /webhooks/NAME.
  name              text not null check (name ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
  kind              text not null check (kind in ('github', 'gitlab', 'gitea', 'forgejo')),
  -- Where its repositories lie for people and for git, without a trailing slash.
  address           text not null check (address ~ '^https?://[^[:space:]]*[^/[:space:]]$'),
  api_address       text not null check (api_address ~ '^https?://[^[:space:]]*[^/[:space:]]$'),
  -- Names of credentials: each of these secrets is good for a signature, so that they can be changed.
  secrets           text[] not null default '{}',
  -- The name of the credential whose token writes commit statuses; null: none are written.
  status_credential text,
  created_at        timestamptz not null default now(),
  removed_at        timestamptz,
  -- The last request that was not from this forge, told to whoever sets it up; noted seldom.
  refused_at        timestamptz,
  refused_why       text
);
create unique index forges_live on forges (name) where removed_at is null;

-- How a repository's pull requests are built: by a specification that stands model for them.
create table forge_templates (
  id             bigint generated always as identity primary key,
  forge_id       bigint not null references forges (id),
  -- OWNER/NAME in small letters, as all four forges take it.
  repository     text not null,
  -- The name of the specification; the channel that follows the repository is replaced.
  specification  text not null,
  admits         text not null check (admits in ('collaborators', 'everyone', 'label')),
  label          text check ((label is null) = (admits <> 'label')),
  -- Who is welcome whatever else is said: names of accounts in small letters.
  allowed        text[] not null default '{}',
  -- Open requests that may have a specification at once.
  requests_at_most integer not null check (requests_at_most > 0),
  priority       smallint not null check (priority between 0 and 9),
  max_running    integer not null check (max_running > 0),
  -- Since the last new commit.
  expiry_hours   integer not null check (expiry_hours > 0),
  created_at     timestamptz not null default now(),
  removed_at     timestamptz
);
create unique index forge_templates_live on forge_templates (forge_id, repository, specification)
  where removed_at is null;

create table forge_requests (
  id               bigint generated always as identity primary key,
  template_id      bigint not null references forge_templates (id),
  number           integer not null check (number > 0),
  -- Of the specification that it has, or had.
  name             text not null,
  specification_id bigint references specifications (id),
  revision         text not null,
  state            text not null check (state in ('open', 'closed', 'unwelcome', 'expired')),
  -- As the forge dates the request: what it told before comes too late.
  updated_at       timestamptz not null,
  expires_at       timestamptz not null,
  unique (template_id, number)
);
create index forge_requests_open on forge_requests (expires_at) where state = 'open';
create index forge_requests_by_specification on forge_requests (specification_id);

-- What forges told, remembered against replay and for whoever asks what became of it.
create table forge_deliveries (
  id             bigint generated always as identity primary key,
  forge_id       bigint not null references forges (id),
  -- The forge's own id; of a forge that gives none, the digest of what it said.
  delivery       text not null,
  event          text not null,
  -- What was understood of it: not its body.
  told           jsonb not null,
  received_at    timestamptz not null default now(),
  -- Sent again as often, and not heeded.
  repeated       integer not null default 0,
  state          text not null default 'waiting' check (state in ('waiting', 'done', 'failed')),
  tries          smallint not null default 0,
  next_try_at    timestamptz not null default now(),
  outcome        text,
  detail         text,
  specifications text[] not null default '{}',
  ended_at       timestamptz,
  unique (forge_id, delivery),
  check ((state = 'waiting') = (ended_at is null))
);
create index forge_deliveries_waiting on forge_deliveries (next_try_at) where state = 'waiting';
create index forge_deliveries_by_age on forge_deliveries (received_at);
