-- Who looked already for the build products that an evaluation's specification wishes for, and who
-- takes one out of its nar now.

alter table evaluations add column products_wished_at timestamptz;
-- No specification of before wished for any.
update evaluations set products_wished_at = now() where status <> 'started';
create index evaluations_products_unwished on evaluations (id)
  where products_wished_at is null and status <> 'started';

-- Whoever takes it died when this has passed; or it failed, and is tried again then.
alter table build_products add column claimed_until timestamptz;

-- A pattern that Postgres cannot read fits nothing, instead of stopping whoever asks.
create function is_pattern(pattern text) returns boolean
language plpgsql immutable as $$
begin
  perform '' ~ pattern;
  return true;
exception when invalid_regular_expression then
  return false;
end $$;
