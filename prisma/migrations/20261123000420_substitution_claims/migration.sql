-- A fetch is claimed for a short while, and its claim is renewed while its process lives.
alter table substitutions add column claimed_by text;
