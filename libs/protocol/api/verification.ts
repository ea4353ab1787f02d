/** Verifications of what is offered, and what they and the scrub found: the REST API. */
import { z } from 'zod';
import { Id, Time } from './page.js';

export const VerificationRequest = z.strictObject({
  /** The slug of a store; absent: every store. */
  store: z.string().min(1).max(32).optional(),
  /** `5%`, or about so many paths; absent: all of them. */
  sample: z
    .string()
    .regex(/^\d{1,9}(\.\d{1,2})?%?$/, 'a percentage such as 5%, or a number of paths')
    .optional(),
  /** Takes back what is broken; otherwise it is only told. */
  repair: z.boolean().default(false),
});
export type VerificationRequest = z.infer<typeof VerificationRequest>;

export const VerificationAnswer = z.object({
  id: Id,
  store: z.string().nullable(),
  /** The part of the paths that is looked at, from 0 to 1. */
  share: z.number(),
  repair: z.boolean(),
  requestedAt: Time,
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
  /** About so many paths are to be seen. */
  expected: z.int(),
  paths: z.int(),
  bytes: z.int(),
  broken: z.int(),
  /** Paths that refer to what is not offered. */
  incomplete: z.int(),
  /** Files that nothing names, which are garbage to collect. */
  orphans: z.object({ files: z.int(), bytes: z.int() }),
  /** Why it ended early. */
  fault: z.string().nullable(),
});
export type VerificationAnswer = z.infer<typeof VerificationAnswer>;

export const FindingAnswer = z.object({
  id: Id,
  foundAt: Time,
  foundBy: z.enum(['serving', 'scrub', 'verification', 'encoding']),
  store: z.string().nullable(),
  path: z.string().nullable(),
  fileKey: z.string().nullable(),
  kind: z.string(),
  detail: z.string(),
  done: z.enum(['told', 'dropped', 'withdrawn']),
  /** The build that was scheduled again. */
  build: Id.nullable(),
});
export type FindingAnswer = z.infer<typeof FindingAnswer>;

export const IntegrityAnswer = z.object({
  /** Paths that are withdrawn now. */
  withdrawn: z.int(),
  scrub: z.object({
    /** Of the round under way. */
    paths: z.int(),
    bytes: z.int(),
    broken: z.int(),
    lastRound: z.object({ beganAt: Time, endedAt: Time, paths: z.int() }).nullable(),
  }),
});
export type IntegrityAnswer = z.infer<typeof IntegrityAnswer>;
