/**
 * A person restarts one build, or the failures of an evaluation, or brings a build to the front:
 * answered at once.
 */
import type { Result } from '#std/result.js';
import { judgeRestart, type FailureKind } from '#domain/build/restart.js';
import type { BuildId, EvaluationId, IntentId } from '#domain/ids.js';
import { tellBuild } from './accept-report.js';
import type { Bus } from './ports/bus.js';
import type { BuildRestart, WishRefusal, WishStore } from './ports/wish-store.js';

export interface WishParts {
  readonly store: WishStore;
  readonly bus: Bus;
}

/**
 * The build is scheduled when this returns; what fell with it is when the coordinator has done so.
 */
export async function restartBuild(
  { store, bus }: WishParts,
  build: BuildId,
  withDependents: boolean,
): Promise<Result<BuildRestart, WishRefusal>> {
  const restarted = await store.restartBuild(build, withDependents, judgeRestart);
  if (!restarted.ok) return restarted;
  if (restarted.value.intent !== null) await bus.publish('intents', '');
  await bus.publish('planner', '');
  await tellBuild(bus, { build, status: restarted.value.status });
  return restarted;
}

export async function restartEvaluation(
  { store, bus }: WishParts,
  evaluation: EvaluationId,
  failures: FailureKind,
): Promise<Result<IntentId, WishRefusal>> {
  const asked = await store.restartEvaluation(evaluation, failures);
  if (asked.ok) await bus.publish('intents', '');
  return asked;
}

/** How many builds go before all others now: it, and the inputs that it waits for. */
export async function bumpBuild(
  { store, bus }: WishParts,
  build: BuildId,
): Promise<Result<number, WishRefusal>> {
  const bumped = await store.bumpBuild(build);
  if (bumped.ok) await bus.publish('planner', '');
  return bumped;
}
