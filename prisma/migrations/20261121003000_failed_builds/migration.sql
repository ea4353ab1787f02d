-- Ingest asks after each batch what has failed lately; few builds are in this index.
create index builds_failed on builds (ended_at)
  where status in ('failed', 'failed-dependency', 'failed-other') and failure_propagated;
