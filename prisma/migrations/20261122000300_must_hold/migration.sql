-- What must hold in a transaction whose commit travels with its last statement: nobody can look at
-- the answer before the commit, so the statement itself fails, and the commit with it.
create function must_hold(holds boolean, sentence text) returns boolean
language plpgsql as $$
begin
  if holds is not true then
    raise exception '%', sentence using errcode = 'GB001';
  end if;
  return true;
end $$;
