-- Paths that a store takes over from another of the same directory, whose bytes lie there already.

alter table store_paths
  -- Where it was taken over from; what it is and who made it (origin, attempt) stays as it was there.
  add column adopted_from bigint references stores (id),
  -- Made by a builder that its worker had closed in; noted of what untrusted requests build.
  add column sandboxed boolean not null default false;

-- The hash parts of what these paths of a store refer to, with their own, as far as it is offered
-- there and not in the other store, where a closure is whole already.
create function closure_beyond(source bigint, target bigint, parts text[]) returns text[]
language sql stable as $$
  with recursive closure (part) as (
    select unnest(parts)
    union
    select left(r.reference, 32)
      from closure c
      join store_paths p on p.store_id = source and p.hash_part = c.part and p.withdrawn_at is null
      join store_path_references r on r.path_id = p.id
     where not exists (select from store_paths t where t.store_id = target
                          and t.hash_part = left(r.reference, 32) and t.withdrawn_at is null))
  select coalesce(array_agg(part), '{}') from closure
$$;

-- Offers those of these paths in the target whose references are all offered there, or become so by
-- it; answers their hash parts. What stands in the target stays as it is. Both stores' rows are held
-- against removal until the commit.
create function adopt_paths(source bigint, target bigint, parts text[]) returns text[]
language plpgsql as $$
declare
  adopted text[] := '{}';
  round   text[];
begin
  perform forget_withdrawn(target, parts);
  perform from store_paths where store_id = source and hash_part = any (parts)
    order by hash_part for key share;
  perform from store_paths where store_id = target and hash_part = any (
      array(select left(r.reference, 32)
              from store_paths p join store_path_references r on r.path_id = p.id
             where p.store_id = source and p.hash_part = any (parts)))
    order by hash_part for key share;
  loop
    with ready as (
      select p.* from store_paths p
       where p.store_id = source and p.hash_part = any (parts) and p.withdrawn_at is null
         and not exists (select from store_paths t
                          where t.store_id = target and t.hash_part = p.hash_part)
         and not exists (select from store_path_references r
                          where r.path_id = p.id and r.reference <> p.path
                            and not exists (select from store_paths t
                                             where t.store_id = target
                                               and t.hash_part = left(r.reference, 32)
                                               and t.path = r.reference
                                               and t.withdrawn_at is null))),
    made as (
      insert into store_paths (store_id, hash_part, path, nar_hash, nar_size, deriver, ca, origin,
                               attempt_id, sandboxed, adopted_from)
      select target, hash_part, path, nar_hash, nar_size, deriver, ca, origin, attempt_id,
             sandboxed, source
        from ready order by hash_part
      on conflict (store_id, hash_part) do nothing returning id, hash_part),
    pairs as (select made.id, made.hash_part, ready.id as old
                from made join ready using (hash_part)),
    referring as (
      insert into store_path_references (path_id, reference)
      select pairs.id, r.reference from pairs
        join store_path_references r on r.path_id = pairs.old),
    filed as (
      insert into nars (path_id, compression, file_hash, file_size, file_key)
      select pairs.id, n.compression, n.file_hash, n.file_size, n.file_key
        from pairs join nars n on n.path_id = pairs.old),
    signed as (
      insert into path_signatures (path_id, signature)
      select pairs.id, g.signature from pairs join path_signatures g on g.path_id = pairs.old)
    select array_agg(hash_part) into round from made;
    exit when round is null;
    adopted := adopted || round;
  end loop;
  return adopted;
end $$;
