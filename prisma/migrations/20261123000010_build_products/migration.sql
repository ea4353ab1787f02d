-- Files inside outputs that specifications offer for download. Their bytes lie in the nar store under
-- `file_key`, taken out of the output's nar; a row whose file was not taken yet is a wish.

create table build_products (
  -- Stands in addresses for ever.
  id        bigint generated always as identity primary key,
  build_id  bigint not null,
  type      text not null,
  output    text not null,
  -- Inside the output; empty is the output itself.
  path      text not null,
  wished_at timestamptz not null default now(),
  -- The offered output that it was taken from: it goes when that one goes.
  path_id   bigint references store_paths (id) on delete cascade,
  file_name text,
  size      bigint check (size >= 0),
  -- Hexadecimal.
  sha256    text,
  file_key  text,
  taken_at  timestamptz,
  -- Why there is none, though the build has succeeded.
  refused   text,
  unique (build_id, type, output, path),
  check ((taken_at is null) = (file_key is null)),
  check (taken_at is null or (path_id, file_name, size, sha256) is not null)
);
create index build_products_by_file on build_products (file_key) where file_key is not null;
create index build_products_by_path on build_products (path_id) where path_id is not null;
create index build_products_wished on build_products (build_id)
  where taken_at is null and refused is null;
