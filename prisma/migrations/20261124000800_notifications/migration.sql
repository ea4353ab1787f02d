-- Notifications: every change of a job's weather is taken up once, whatever order its transaction
-- committed in, and becomes part of one message for each receiver.
alter table weather_changes add column told boolean not null default false;
create index weather_changes_untold on weather_changes (id) where not told;

-- Messages to receivers outside. The truth of them: the queue only says which lanes to look at.
create table deliveries (
  id               bigint generated always as identity primary key,
  specification_id bigint not null references specifications (id),
  -- Null: a trial that somebody asked for.
  evaluation_id    bigint,
  -- Whom of the specification's receivers, as receiver.ts names it.
  receiver         text not null,
  -- What one at a time is delivered on: a mail server, an address of webhooks.
  lane             text not null,
  -- Receivers know a message by it, also when it reaches them twice.
  key              uuid not null default gen_random_uuid(),
  state            text not null check (state in
    ('gathering', 'waiting', 'delivered', 'given-up', 'dropped')),
  change_count     integer not null default 0,
  attempts         integer not null default 0,
  -- While gathering: when it is closed and sent.
  next_try_at      timestamptz not null,
  last_answer      text,
  claim            uuid,
  claimed_until    timestamptz,
  created_at       timestamptz not null default now(),
  ended_at         timestamptz
);
create unique index deliveries_gathering on deliveries (specification_id, evaluation_id, receiver)
  where state = 'gathering';
create index deliveries_open on deliveries (lane, next_try_at)
  where state in ('gathering', 'waiting');
create index deliveries_by_evaluation on deliveries (evaluation_id, receiver);
create index deliveries_ended on deliveries (ended_at) where ended_at is not null;
create index deliveries_by_specification on deliveries (specification_id, id desc);

-- No change is told twice to the same receiver.
create table delivery_changes (
  change_id   bigint not null references weather_changes (id) on delete cascade,
  receiver    text not null,
  delivery_id bigint not null references deliveries (id) on delete cascade,
  primary key (change_id, receiver)
);
create index delivery_changes_by_delivery on delivery_changes (delivery_id, change_id);

-- What each receiver answered to each try.
create table delivery_tries (
  delivery_id  bigint not null references deliveries (id) on delete cascade,
  number       integer not null,
  tried_at     timestamptz not null default now(),
  milliseconds integer not null,
  delivered    boolean not null,
  answer       text not null,
  primary key (delivery_id, number)
);
