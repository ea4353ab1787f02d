/** What the farm knows of a commit, of a pull request, and of a specification over time. */
import { z } from 'zod';
import { EvaluationAnswer } from './evaluation.js';
import { Id, PageQuery, Time } from './page.js';

/** As much of a revision as tells it apart: at least seven hexadecimal digits. */
export const RevisionPart = z
  .string()
  .regex(/^[0-9a-f]{7,64}$/, 'a revision, or the first seven digits of one');

/** An evaluation with what changed against the ones before, as far as that is known. */
export const JudgedEvaluation = z.object({
  evaluation: EvaluationAnswer,
  newlyFailing: z.int().nullable(),
  newlySucceeding: z.int().nullable(),
});
export type JudgedEvaluation = z.infer<typeof JudgedEvaluation>;

export const CommitAnswer = z.object({
  revision: z.string(),
  /** Newest first; several channels of one evaluation may be at this commit. */
  items: z.array(JudgedEvaluation.extend({ channels: z.array(z.string()) })),
  next: Id.nullable(),
});
export type CommitAnswer = z.infer<typeof CommitAnswer>;

export const CommitQuery = PageQuery;
export type CommitQuery = z.infer<typeof CommitQuery>;

export const RequestQuery = z.object({
  forge: z.string().max(63),
  /** OWNER/NAME, as the forge has it. */
  repository: z.string().max(255),
  number: z.coerce.number().int().min(1).max(2_147_483_647),
});
export type RequestQuery = z.infer<typeof RequestQuery>;

export const RequestAnswer = z.object({
  forge: z.string(),
  repository: z.string(),
  number: z.int(),
  /** One for each specification that stands model for requests of the repository. */
  items: z.array(
    z.object({
      specification: z.string(),
      model: z.string(),
      revision: z.string(),
      state: z.enum(['open', 'closed', 'unwelcome', 'expired']),
      updatedAt: Time,
      /** The newest few, newest first. */
      evaluations: z.array(JudgedEvaluation),
    }),
  ),
});
export type RequestAnswer = z.infer<typeof RequestAnswer>;

export const TrendQuery = z.object({
  /** How much of a good evaluation's jobs must have succeeded, in percent. */
  percent: z.coerce.number().min(0).max(100).default(95),
});
export type TrendQuery = z.infer<typeof TrendQuery>;

export const TrendPoint = z.object({
  evaluation: Id,
  startedAt: Time,
  jobs: z.int(),
  succeeded: z.int(),
  newlyFailing: z.int(),
  newlySucceeding: z.int(),
});
export type TrendPoint = z.infer<typeof TrendPoint>;

export const TrendAnswer = z.object({
  percent: z.number(),
  /** The newest evaluation that is at least so good; null when none of the last is. */
  good: TrendPoint.extend({
    checkouts: z.array(z.object({ channel: z.string(), revision: z.string() })),
  }).nullable(),
  /** Evaluations that were read to their end, oldest first. */
  points: z.array(TrendPoint),
});
export type TrendAnswer = z.infer<typeof TrendAnswer>;
