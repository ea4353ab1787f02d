-- In what the nars of a store are offered besides what they came in; null: in what the clients of
-- its directory want. What is lacking is what has no row in nars.
alter table stores add column encodings text[]
  check (encodings <@ array['gzip', 'lzip'] and array_position(encodings, null) is null);
