-- An attempt's row is written three times: claimed, started, ended. With room on its page the later
-- two touch none of its four indexes.
create or replace function ensure_evaluation_partitions(evaluation bigint) returns void
language plpgsql as $$
declare
  low  bigint := (evaluation / 256) * 256;
  part text;
  parent text;
begin
  foreach parent in array array['jobs', 'attempts'] loop
    part := format('%s_from_%s', parent, low);
    if to_regclass(part) is null then
      perform pg_advisory_xact_lock(726001);
      execute format('create table if not exists %I partition of %I for values from (%s) to (%s)
                      with (fillfactor = %s)',
                     part, parent, low, low + 256, case parent when 'attempts' then 60 else 100 end);
    end if;
  end loop;
end $$;

do $$
declare
  part regclass;
begin
  for part in select inhrelid from pg_inherits where inhparent = 'attempts'::regclass loop
    execute format('alter table %s set (fillfactor = 60)', part);
  end loop;
end $$;
