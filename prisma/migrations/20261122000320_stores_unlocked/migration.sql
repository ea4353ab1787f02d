-- Each upload and each offered path locked the one row of its store, and transactions side by side
-- shared that lock by way of multixacts. Stores are never removed, and derivations and outputs name
-- theirs without a foreign key, too.
alter table uploads drop constraint uploads_store_id_fkey;
alter table store_paths drop constraint store_paths_store_id_fkey;
