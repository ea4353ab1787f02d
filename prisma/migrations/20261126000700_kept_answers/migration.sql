-- Answers to requests with an Idempotency-Key, for 24 hours: what was begun is not begun twice.

create table kept_answers (
  -- SHA-256 of the credential: nobody meets the keys of others.
  asker     text not null,
  key       text not null,
  -- SHA-256 of what was asked.
  request   text not null,
  began_at  timestamptz(3) not null default now(),
  -- Null while it is under way.
  ended_at  timestamptz(3),
  -- Of an answer that is told once, a secret, nothing is kept.
  told_once boolean not null default false,
  headers   jsonb,
  body      jsonb,
  primary key (asker, key)
);
create index kept_answers_by_age on kept_answers (began_at);
