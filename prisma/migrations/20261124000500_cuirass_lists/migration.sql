-- Lists of ended builds go by evaluation, from the newest on, among ten million of them. A build gets
-- its entry when it ends, and none before.
create index builds_ended_by_evaluation on builds (evaluation_id desc, id desc) include (status)
  where status in ('succeeded', 'failed', 'failed-dependency', 'failed-other', 'canceled');
