-- Pauses with an end, what a worker says of why it takes no builds, and conversations refused.
alter table workers
  -- A pause without an end has none; one with an end is over when the database's clock says so.
  add column pause_until     timestamptz,
  -- The worker's own word: its disk is short, or somebody stops it.
  add column holds_back      text check (holds_back in ('disk-guard', 'draining')),
  add column min_disk        bigint,
  -- The last conversation that the farm would not hold, until one is held again.
  add column refused_at      timestamptz,
  add column refused_code    text,
  add column refused_message text;
