-- The evaluations of a commit, newest first: a pinned channel has the same one in all of them.
create index checkouts_by_revision_and_evaluation on checkouts (revision, evaluation_id desc);
