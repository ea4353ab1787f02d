/** The queue as the REST API tells it: `GET /api/v1/queue`. */
import { z } from 'zod';
import { EvaluationAnswer } from './evaluation.js';
import { Id, Time } from './page.js';

/** What waits and what runs. */
export const QueueCount = z.object({
  scheduled: z.int(),
  submitted: z.int(),
  started: z.int(),
  bySystem: z.array(
    z.object({
      system: z.string(),
      scheduled: z.int(),
      submitted: z.int(),
      started: z.int(),
      oldestScheduledAt: Time.nullable(),
    }),
  ),
  /** Scheduled builds by system and priority (0 is first), each with what they wait for. */
  byPriority: z.array(
    z.object({
      system: z.string(),
      priority: z.int(),
      scheduled: z.int(),
      oldestScheduledAt: Time.nullable(),
      reasons: z.array(z.object({ reason: z.string(), builds: z.int() })),
    }),
  ),
  /** Builds whose ticket may be claimed now. */
  byClass: z.array(z.object({ class: z.string(), released: z.int() })),
  /** Scheduled builds by what they wait for. */
  byReason: z.array(z.object({ reason: z.string(), builds: z.int() })),
});
export type QueueCount = z.infer<typeof QueueCount>;

/** An evaluation that is not read to its end. */
export const OutlookEvaluation = z.object({
  id: Id,
  specification: z.object({ id: Id, name: z.string() }),
  trigger: EvaluationAnswer.shape.trigger,
  /** `waiting` for an evaluator, `reading` its channels, or `registering` the jobs that come. */
  phase: z.enum(['waiting', 'reading', 'registering']),
  startedAt: Time,
  /** Registered so far. */
  jobs: z.int(),
  /** Of the specification's last evaluation that was read to its end. */
  lastJobs: z.int().nullable(),
});
export type OutlookEvaluation = z.infer<typeof OutlookEvaluation>;

/** Builds that workers have finished, well or not. */
export const FinishedBuilds = z.object({
  /** Since an hour ago, or since later where so many ended that these are enough. */
  since: Time,
  builds: z.int(),
  perHour: z.int(),
  bySystem: z.array(z.object({ system: z.string(), builds: z.int(), perHour: z.int() })),
});
export type FinishedBuilds = z.infer<typeof FinishedBuilds>;

/**
 * When the queue is empty if nothing more comes: by how long builds of the same names took before
 * (where there were none, by the mean of all names), shared out over the slots of the workers that
 * take builds now, and not before the longest path of builds that need each other is gone.
 * `withoutWorker` counts what no worker there could build: that is left out. Times are null where
 * nothing can be built.
 */
export const EmptyEstimate = z.object({
  emptyAt: Time.nullable(),
  withoutWorker: z.int(),
  /** Systems that share workers end together. */
  bySystem: z.array(
    z.object({ system: z.string(), emptyAt: Time.nullable(), withoutWorker: z.int() }),
  ),
});
export type EmptyEstimate = z.infer<typeof EmptyEstimate>;

export const QueueAnswer = QueueCount.extend({
  /** Farms before it do not tell. */
  outlook: z
    .object({
      evaluations: z.object({
        underWay: z.int(),
        /** The 50 that began first. */
        items: z.array(OutlookEvaluation),
      }),
      /** Null: not known at the moment. */
      finished: FinishedBuilds.nullable(),
      /** Null: the planner does not answer at the moment. */
      estimate: EmptyEstimate.nullable(),
    })
    .optional(),
});
export type QueueAnswer = z.infer<typeof QueueAnswer>;
