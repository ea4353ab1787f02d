-- The fence stays with a closed attempt, so that a report repeated after its commit can be told from
-- one that never owned the attempt: both find no lease.
alter table attempts add column fence text;
