-- What came last into each store is told to everybody who asks how to use it, also of stores into
-- which nothing has come for long.
create index store_paths_by_store on store_paths (store_id, id desc);
