-- What a store is for, and what is known of each path beside its bytes.

alter table stores
  -- farm: what this farm builds; untrusted: what it built for requests that nobody vouches for;
  -- pushed: what holders of tokens send.
  add column kind text not null default 'farm' check (kind in ('farm', 'untrusted', 'pushed')),
  -- The host name under which it answers at the root; without one it answers below its slug.
  add column host text unique,
  -- mirror: what an upstream has is fetched, kept and served; rely: it is left to the upstream.
  add column mode text not null default 'mirror' check (mode in ('mirror', 'rely')),
  -- As nix-cache-info tells it: the lower, the sooner clients ask here.
  add column priority integer not null default 40 check (priority > 0),
  -- How long an offered path stays at least.
  add column ttl_seconds bigint not null default 7776000 check (ttl_seconds > 0),
  -- Read with a token alone.
  add column private boolean not null default false,
  add column created_at timestamptz not null default now();
-- Several stores may lie in one directory; their slugs tell them apart.
alter table stores drop constraint stores_dir_key_key;

alter table store_paths
  add column origin text not null default 'built'
    check (origin in ('built', 'source', 'pushed', 'mirrored')),
  -- The last GET or HEAD of its narinfo or of a nar; written in batches, a little late.
  add column read_at timestamptz,
  -- Found broken: neither served nor counted as present until it is offered again.
  add column withdrawn_at timestamptz,
  add column withdrawn_reason text;
create index store_paths_withdrawn on store_paths (store_id) where withdrawn_at is not null;

-- Tells every substituter to forget what it holds of these paths, when the transaction commits.
-- Null means all paths of the store. A message holds a bounded number of hash parts.
create function tell_substitutes(store bigint, parts text[]) returns void
language plpgsql as $$
declare
  first integer := 1;
begin
  if parts is null or cardinality(parts) > 20000 then
    perform pg_notify('substitutes', json_build_object('store', store)::text);
    return;
  end if;
  while first <= cardinality(parts) loop
    perform pg_notify('substitutes',
      json_build_object('store', store, 'parts', parts[first:first + 199])::text);
    first := first + 200;
  end loop;
end $$;
