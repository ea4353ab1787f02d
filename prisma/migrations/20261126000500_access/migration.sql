-- Who did what: an append-only log chained by hashes, and tokens that act in a role.

create table audit_entries (
  -- From 1 on, without gaps: given by who appends, under the lock of audit_head.
  id             bigint primary key,
  recorded_at    timestamptz(3) not null,
  actor_name     text not null,
  actor_via      text not null,
  actor_role     text not null,
  token_id       bigint,
  fingerprint    text,
  action         text not null,
  subject        text not null,
  outcome        text not null check (outcome in ('done', 'failed', 'unknown')),
  asked          jsonb not null,
  before         jsonb not null,
  after          jsonb not null,
  previous_hash  text not null,
  hash           text not null unique
);
create index audit_entries_by_actor on audit_entries (actor_name, id);
create index audit_entries_by_subject on audit_entries (subject text_pattern_ops, id);
create index audit_entries_by_action on audit_entries (action, id);

-- The last entry, in one row that whoever appends locks.
create table audit_head (
  one  boolean primary key default true check (one),
  id   bigint not null,
  hash text not null
);
insert into audit_head (id, hash) values (0, repeat('0', 64));

create function audit_stays() returns trigger language plpgsql as $$
begin
  raise exception 'entries of the audit log are neither changed nor removed';
end $$;
create trigger audit_entries_stay before update or delete on audit_entries
  for each row execute function audit_stays();
create trigger audit_entries_stay_all before truncate on audit_entries
  for each statement execute function audit_stays();
create trigger audit_head_stays before delete on audit_head
  for each row execute function audit_stays();

-- Changes that are being carried out: written before each, gone when its entry is written, so that
-- what a process did right before it died is told, too.
create table audit_under_way (
  id         bigint generated always as identity primary key,
  begun_at   timestamptz not null default now(),
  actor      jsonb not null,
  action     text not null,
  subject    text not null,
  asked      jsonb not null
);

-- A token may act in a role, for the named specifications or for all of the farm.
alter table access_tokens add column role text
  check (role in ('viewer', 'maintainer', 'operator', 'admin'));
alter table access_tokens add column all_specifications boolean not null default false;
create table access_token_specifications (
  token_id         bigint not null references access_tokens (id) on delete cascade,
  specification_id bigint not null references specifications (id) on delete cascade,
  primary key (token_id, specification_id)
);
alter table access_tokens drop constraint access_tokens_check;
alter table access_tokens add constraint access_tokens_good_for_something
  check (store_id is not null or specification_id is not null or role is not null);
