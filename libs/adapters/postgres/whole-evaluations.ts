/**
 * Which evaluations tell all that they could. Some specifications cancel an evaluation whenever a
 * newer one was read, also when all of it had been built long before: that one is as good as any.
 */

/** Of the evaluation `e`: that no cancel came before its last build ended. */
export const wasNotCut = `(e.canceled_at is null or exists (
  select from evaluation_counts c
   where c.evaluation_id = e.id
     and c.jobs = c.errors + c.succeeded + c.failed + c.failed_dependency + c.failed_other))`;
