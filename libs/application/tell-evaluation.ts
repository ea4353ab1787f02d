/** Tells open pages that something of an evaluation is new. */
import type { EvaluationId } from '#domain/ids.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { Bus } from './ports/bus.js';

/** `progress`: some of it was read. */
export function tellEvaluation(
  bus: Bus,
  evaluation: EvaluationId,
  status: EvaluationStatus | 'progress' | 'canceled',
): Promise<void> {
  return bus.publish('live/evaluations', JSON.stringify({ evaluation, status }));
}
