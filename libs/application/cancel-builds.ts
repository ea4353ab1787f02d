/** A person cancels one build, or an evaluation with all that only it needs: answered at once. */
import type { Result } from '#std/result.js';
import type { BuildId, EvaluationId, IntentId } from '#domain/ids.js';
import { tellBuild } from './accept-report.js';
import type { BuildCancel, WishRefusal } from './ports/wish-store.js';
import type { WishParts } from './restart-builds.js';
import { tellEvaluation } from './tell-evaluation.js';

/** A worker that has the build in hand hears of it at once, and stops it. */
export async function cancelBuild(
  { store, bus }: WishParts,
  build: BuildId,
  force: boolean,
): Promise<Result<BuildCancel, WishRefusal>> {
  const canceled = await store.cancelBuild(build, force);
  if (!canceled.ok) return canceled;
  const { worker, status } = canceled.value;
  if (worker !== null) await bus.publish(`worker/${worker}`, 'cancel');
  await bus.publish('planner', '');
  await tellBuild(bus, { build, status });
  return canceled;
}

export async function cancelEvaluation(
  { store, bus }: WishParts,
  evaluation: EvaluationId,
): Promise<Result<IntentId, WishRefusal>> {
  const asked = await store.cancelEvaluation(evaluation);
  if (!asked.ok) return asked;
  await bus.publish('intents', '');
  await tellEvaluation(bus, evaluation, 'canceled');
  return asked;
}
