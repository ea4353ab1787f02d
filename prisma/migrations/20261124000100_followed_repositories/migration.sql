-- Git repositories whose files say what specifications there are: `managed_by` is repository:NAME.
create table followed_repositories (
  id               bigint generated always as identity primary key,
  name             text not null check (name ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'),
  -- Without a password: a private one names a credential.
  url              text not null,
  branch           text not null,
  files            text[] not null check (cardinality(files) > 0),
  credential       text,
  -- What another file or repository keeps is taken over.
  adopt            boolean not null default false,
  -- 0 is the farm's own interval between two polls.
  period_seconds   integer not null default 0 check (period_seconds >= 0),
  next_look_at     timestamptz not null default now(),
  looked_at        timestamptz,
  -- What the last look found, good or bad.
  revision         text,
  applied_revision text,
  applied_at       timestamptz,
  -- Of its files at that revision: {file, line, column, message}; with any, nothing was applied.
  faults           jsonb not null default '[]',
  -- Why nothing was applied though its files have no faults, for people.
  failure          text,
  created_at       timestamptz not null default now(),
  removed_at       timestamptz
);
create unique index followed_repositories_live on followed_repositories (name)
  where removed_at is null;
