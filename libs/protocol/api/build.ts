/**
 * A build as the REST API tells it: where it stands and why, its attempts, outputs and neighbours.
 */
import { z } from 'zod';
import { attemptStatuses, type AttemptStatus } from '#domain/build/status.js';
import { BuildProductAnswer } from './build-product.js';
import { BuildStatusWord } from './evaluation.js';
import { Estimate, Id, PageQuery, Time } from './page.js';

export const BuildSummary = z.object({
  id: Id,
  name: z.string(),
  system: z.string(),
  status: BuildStatusWord,
  reason: z.string().nullable(),
  scheduledAt: Time,
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
});
export type BuildSummary = z.infer<typeof BuildSummary>;

export const AttemptAnswer = z.object({
  id: Id,
  /** Counts the attempts of the build, from 1. */
  number: z.int(),
  worker: z.object({ id: Id, name: z.string() }),
  slot: z.int(),
  status: z.enum(Object.keys(attemptStatuses) as [AttemptStatus, ...AttemptStatus[]]),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  exitCode: z.int().nullable(),
  createdAt: Time,
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
  logBytes: z.int(),
  /** Address of the raw log. */
  log: z.string(),
});
export type AttemptAnswer = z.infer<typeof AttemptAnswer>;

/** Other bytes than the offered ones that came for a path: its build is not deterministic. */
export const DifferingNar = z.object({
  offeredHash: z.string(),
  otherHash: z.string(),
  /** Who brought the others: `attempt-12`, `token-3`, or `service`. */
  from: z.string(),
  seenAt: Time,
});
export type DifferingNar = z.infer<typeof DifferingNar>;

export const OutputAnswer = z.object({
  name: z.string(),
  /** The full path; null until it is known. */
  path: z.string().nullable(),
  /** Whether it can be downloaded now. */
  offered: z.boolean(),
  narHash: z.string().nullable(),
  narSize: z.int().nullable(),
  /** Address of its narinfo at the substituter; null while it is not offered. */
  narinfo: z.string().nullable(),
  /** Address of the upstream that has it, as far as one is believed to. */
  upstream: z.string().nullable(),
  /** The newest first, at most ten. */
  differing: z.array(DifferingNar),
});
export type OutputAnswer = z.infer<typeof OutputAnswer>;

/** Why a build waits, as a word for programs and a sentence for people. */
export const WaitAnswer = z.object({
  reason: z.string(),
  sentence: z.string(),
  until: Time.nullable(),
  /** How many builds go before it among those that wait for the same workers; null when unknown. */
  position: z.int().nullable(),
  /** The inputs it waits for, when that is the reason; the first few. */
  inputs: z.array(BuildSummary),
});
export type WaitAnswer = z.infer<typeof WaitAnswer>;

const Neighbours = z.object({
  total: z.int(),
  /** The first of them, failed ones first. */
  items: z.array(BuildSummary),
});
export type Neighbours = z.infer<typeof Neighbours>;

export const BuildAnswer = BuildSummary.extend({
  store: z.object({ slug: z.string(), dir: z.string() }),
  /** The full path of the `.drv`. */
  derivation: z.string(),
  packageName: z.string(),
  requiredFeatures: z.array(z.string()),
  /** The reason as a sentence. */
  sentence: z.string().nullable(),
  message: z.string().nullable(),
  wait: WaitAnswer.nullable(),
  /** Of a build that is not final; null while the planner cannot tell. */
  estimate: Estimate.nullable(),
  failedInput: BuildSummary.nullable(),
  priority: z.int(),
  limits: z.object({ timeoutSeconds: z.int(), maxSilentSeconds: z.int() }),
  attempts: z.array(AttemptAnswer),
  outputs: z.array(OutputAnswer),
  /** Files of it that the specifications offer for download. */
  products: z.array(BuildProductAnswer),
  /** Whether any output came with other bytes than the offered ones. */
  nondeterministic: z.boolean(),
  inputs: Neighbours,
  dependents: Neighbours,
  /** The newest evaluations whose jobs point at it. */
  jobs: z.array(z.object({ evaluation: Id, specification: z.string(), name: z.string() })),
  /** Address of the raw log of the last attempt. */
  log: z.string(),
});
export type BuildAnswer = z.infer<typeof BuildAnswer>;

export const BuildsQuery = PageQuery.extend({
  status: BuildStatusWord.optional(),
  system: z.string().max(64).optional(),
  /** The package's name, whole. */
  package: z.string().max(255).optional(),
  /** In the language of the search page; the others are not looked at then. */
  q: z.string().min(1).max(1000).optional(),
});
export type BuildsQuery = z.infer<typeof BuildsQuery>;
