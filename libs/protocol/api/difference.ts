/** What differs between two evaluations, and why jobs fail, as the REST API tells them. */
import { z } from 'zod';
import { differenceKinds } from '#domain/evaluation-difference/difference.js';
import { BuildStatusWord, JobStatusWord } from './evaluation.js';
import { Id, Limit, PageQuery, Time } from './page.js';

export const DifferenceKindWord = z.enum(differenceKinds);

/** Evaluations of the same specification, by how much older they are. */
export const againstWords = ['previous', 'day', 'week', 'month'] as const;
export type AgainstWord = (typeof againstWords)[number];

/**
 * With what an evaluation is compared: one of these words, the id of any evaluation, or the name of
 * a specification, whose newest whole evaluation it is then.
 */
export const Against = z.string().max(255);

export const EvaluationMention = z.object({
  id: Id,
  specification: z.string(),
  startedAt: Time,
});
export type EvaluationMention = z.infer<typeof EvaluationMention>;

/** What an evaluation may be compared with, as far as there are such evaluations. */
export interface AgainstChoice {
  readonly word: AgainstWord;
  readonly evaluation: EvaluationMention;
}

export const DifferenceQuery = PageQuery.extend({
  against: Against.optional(),
  kind: DifferenceKindWord.optional(),
  status: JobStatusWord.optional(),
  /** The finer reason of a failure: `timed-out`, `silent`, … */
  reason: z.string().max(64).optional(),
  /** Words, each a part of the name in any case; one that begins with `-` must be none. */
  name: z.string().max(255).optional(),
  system: z.string().max(64).optional(),
  /** A part of what a maintainer is called. */
  maintainer: z.string().max(255).optional(),
});
export type DifferenceQuery = z.infer<typeof DifferenceQuery>;

export const JobDifference = z.object({
  id: Id,
  name: z.string(),
  system: z.string(),
  kind: DifferenceKindWord,
  /** Of a removed job: what it last was. */
  status: JobStatusWord,
  reason: z.string().nullable(),
  build: Id.nullable(),
  /** The same job in the other evaluation. */
  before: z.object({ status: JobStatusWord, build: Id.nullable() }).nullable(),
});
export type JobDifference = z.infer<typeof JobDifference>;

export const DifferenceAnswer = z.object({
  evaluation: Id,
  /** Null where there is nothing to compare with: then nothing is new or removed. */
  against: EvaluationMention.nullable(),
  /** Names and systems; of several packages of one name and system it is one job. */
  jobs: z.int(),
  succeeded: z.int(),
  waiting: z.int(),
  /** How many jobs are of each kind, whatever is asked for. */
  counts: z.record(DifferenceKindWord, z.int()),
  /** How many are like what is asked for. */
  found: z.int(),
  items: z.array(JobDifference),
  next: Id.nullable(),
});
export type DifferenceAnswer = z.infer<typeof DifferenceAnswer>;

export const RootCausesQuery = z.object({
  against: Against.optional(),
  limit: Limit,
});
export type RootCausesQuery = z.infer<typeof RootCausesQuery>;

export const RootCause = z.object({
  /** Null: which build it was is not known. It need not be a job of the evaluation. */
  build: z
    .object({
      id: Id,
      name: z.string(),
      system: z.string(),
      status: BuildStatusWord,
      reason: z.string().nullable(),
    })
    .nullable(),
  /** Jobs of the evaluation that fail because this build failed, without itself. */
  blocks: z.int(),
  /** How many of them, and of itself, did not fail in the other evaluation. */
  newlyFailing: z.int(),
  /** A few of the jobs that it blocks. */
  examples: z.array(z.object({ name: z.string(), system: z.string(), build: Id.nullable() })),
});
export type RootCause = z.infer<typeof RootCause>;

export const RootCausesAnswer = z.object({
  evaluation: Id,
  /** Builds that failed by themselves and keep jobs from succeeding. */
  found: z.int(),
  /** Failed jobs by the reason of their own build. */
  reasons: z.array(z.object({ reason: z.string(), jobs: z.int() })),
  /** Jobs that could not be evaluated. */
  errors: z.int(),
  /** The one that blocks most comes first. */
  items: z.array(RootCause),
});
export type RootCausesAnswer = z.infer<typeof RootCausesAnswer>;
