/** Restarts and cancels over REST: what is asked, and how far the farm has come with it. */
import { z } from 'zod';
import { restartModes, type FailureKind, type RestartMode } from '#domain/build/restart.js';
import { BuildStatusWord } from './evaluation.js';
import { Id, Time } from './page.js';

const modes = Object.keys(restartModes) as [RestartMode, ...RestartMode[]];
const kinds = modes.filter((mode) => mode !== 'with-failed-dependents') as [
  FailureKind,
  ...FailureKind[],
];

export const RestartBuildRequest = z.strictObject({
  /** It alone, or all that failed because of it as well. */
  mode: z.enum(['only', 'with-failed-dependents']).default('with-failed-dependents'),
});
export type RestartBuildRequest = z.infer<typeof RestartBuildRequest>;

export const CancelBuildRequest = z.strictObject({
  /** Even when several live evaluations need it. */
  force: z.boolean().default(false),
});
export type CancelBuildRequest = z.infer<typeof CancelBuildRequest>;

export const RestartEvaluationRequest = z.strictObject({ failures: z.enum(kinds).default('all') });
export type RestartEvaluationRequest = z.infer<typeof RestartEvaluationRequest>;

/** What was asked of many builds; the coordinator carries it out, and survives its own end. */
export const IntentAnswer = z.object({
  id: Id,
  kind: z.enum(['restart', 'cancel']),
  mode: z.enum(modes).nullable(),
  build: Id.nullable(),
  evaluation: Id.nullable(),
  /** canceled, superseded, evaluation-failed or restarted. */
  reason: z.string(),
  requestedAt: Time,
  /** Null while there may be something left to do. */
  finishedAt: Time.nullable(),
  /** How many builds it has moved so far. */
  moved: z.int(),
});
export type IntentAnswer = z.infer<typeof IntentAnswer>;

export const BuildWishAnswer = z.object({
  build: Id,
  /** Where it stands now; a build that a worker has in hand ends within seconds of a cancel. */
  status: BuildStatusWord,
  /** What concerns other builds; null when nothing does. */
  intent: IntentAnswer.nullable(),
});
export type BuildWishAnswer = z.infer<typeof BuildWishAnswer>;
