-- The newest build of a package is found in the index alone: what a search walks is its ids.
create index derivations_by_package_and_id on derivations (package_name, system, id);
drop index derivations_by_package;
