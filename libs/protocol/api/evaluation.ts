/** An evaluation and its jobs as the REST API tells them. */
import { z } from 'zod';
import { buildStatuses, type BuildStatus } from '#domain/build/status.js';
import { evaluationStatuses, type EvaluationStatus } from '#domain/evaluation/status.js';
import { Estimate, Id, PageQuery, Time } from './page.js';

export const BuildStatusWord = z.enum(
  Object.keys(buildStatuses) as [BuildStatus, ...BuildStatus[]],
);
const EvaluationStatusWord = z.enum(
  Object.keys(evaluationStatuses) as [EvaluationStatus, ...EvaluationStatus[]],
);

/** A job that could not be evaluated has no build, and `error` stands where its status would. */
export const JobStatusWord = z.enum([...BuildStatusWord.options, 'error']);
export type JobStatus = z.infer<typeof JobStatusWord>;

export const Checkout = z.object({
  channel: z.string(),
  url: z.string(),
  branch: z.string(),
  revision: z.string(),
  introduction: z.object({ commit: z.string(), fingerprint: z.string() }).nullable(),
  /** The channel whose `.guix-channel` pulled it in; null: the specification names it. */
  via: z.string().nullable(),
});

export const EvaluationAnswer = z.object({
  id: Id,
  specification: z.object({ id: Id, name: z.string() }),
  specificationVersion: z.int(),
  /** Counts the evaluations of the same version at the same revisions, from 1. */
  try: z.int(),
  trigger: z.enum(['poll', 'hook', 'edit', 'retry']),
  status: EvaluationStatusWord,
  reason: z.string().nullable(),
  message: z.string().nullable(),
  startedAt: Time,
  endedAt: Time.nullable(),
  /** Since when nothing is built for its sake any more; and why: canceled or superseded. */
  canceledAt: Time.nullable(),
  cancelReason: z.string().nullable(),
  /** Since when its jobs, and what they alone led to, are gone: it is history. */
  prunedAt: Time.nullable(),
  checkouts: z.array(Checkout),
  jobCount: z.int(),
  errorCount: z.int(),
  derivationCount: z.int(),
  newBuildCount: z.int(),
  /** How many jobs are in each status now; statuses without jobs are left out. */
  jobs: z.partialRecord(JobStatusWord, z.int()),
  /** Of the builds of its jobs that are not final; null in lists and while nobody can tell. */
  estimate: Estimate.nullable(),
});
export type EvaluationAnswer = z.infer<typeof EvaluationAnswer>;
export type JobCounts = EvaluationAnswer['jobs'];

export const JobAnswer = z.object({
  id: Id,
  name: z.string(),
  system: z.string(),
  status: JobStatusWord,
  reason: z.string().nullable(),
  build: Id.nullable(),
  error: z.string().nullable(),
  description: z.string().nullable(),
  endedAt: Time.nullable(),
});
export type JobAnswer = z.infer<typeof JobAnswer>;

export const EvaluationsQuery = PageQuery.extend({ specification: z.string().optional() });
export type EvaluationsQuery = z.infer<typeof EvaluationsQuery>;

export const JobsQuery = PageQuery.extend({
  status: JobStatusWord.optional(),
  /** A part of the name, in any case. */
  name: z.string().max(255).optional(),
  system: z.string().max(64).optional(),
});
export type JobsQuery = z.infer<typeof JobsQuery>;
