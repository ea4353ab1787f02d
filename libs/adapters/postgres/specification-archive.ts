/**
 * The end of a specification, in SQL ($1 its name): what it still wishes for is wished for no more,
 * as if each of its evaluations were canceled. Those that have nothing left to wish for are left as
 * they are: a long-lived specification has thousands of them.
 */
import { isLiveEvaluation } from './need-walk.js';
import { isUnfinished } from './planner-rows.js';

export const archiveSpecification = `
  with archived as (
    update specifications set archived_at = now(), updated_at = now()
     where name = $1 and archived_at is null returning id),
  wishing as (
    select e.id from evaluations e join archived a on a.id = e.specification_id
     where ${isLiveEvaluation} and (e.status = 'started' or e.id in (
       select j.evaluation_id from builds b join jobs j on j.build_id = b.id
        where ${isUnfinished}))),
  canceled as (
    update evaluations e
       set canceled_at = now(), cancel_reason = 'archived',
           status = case e.status when 'started' then 'aborted' else e.status end,
           reason = case e.status when 'started' then 'archived' else e.reason end,
           ended_at = coalesce(e.ended_at, now()), lease_expires_at = null, lease_fence = null
      from wishing w where e.id = w.id and e.canceled_at is null
    returning e.id),
  asked as (
    insert into intents (kind, evaluation_id, reason) select 'cancel', id, 'archived' from canceled)
  select count(*)::int as archived from archived`;
