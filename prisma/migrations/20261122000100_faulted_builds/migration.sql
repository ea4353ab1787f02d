-- The planner asks in each pass which builds shall not go to whom lost them; few builds are in this
-- index.
create index builds_faulted on builds (id) where status = 'scheduled' and farm_faults > 0;
