-- A belief that is being asked anew is left to whoever asks, and one that could not be confirmed
-- rests a little.
alter table upstream_paths add column look_after timestamptz not null default '-infinity';
-- What refers to a path that has gone is not whole any more.
create index upstream_paths_referring on upstream_paths using gin ("references");
