/** The addresses of an evaluation's page: what is asked for stands in them, to be passed on. */
import type { DifferenceKind } from '#domain/evaluation-difference/difference.js';
import type { JobStatus } from '#protocol/api/evaluation.js';

export interface EvaluationShown {
  readonly compare?: string | undefined;
  /** `all` is every job of the evaluation, whatever it was before. */
  readonly kind?: DifferenceKind | 'all' | undefined;
  readonly status?: JobStatus | undefined;
  readonly reason?: string | undefined;
  readonly system?: string | undefined;
  readonly name?: string | undefined;
  readonly maintainer?: string | undefined;
  readonly cursor?: string | undefined;
}

const keys = [
  'compare',
  'kind',
  'status',
  'reason',
  'system',
  'name',
  'maintainer',
  'cursor',
] as const;

export function evaluationAddress(evaluation: string, shown: EvaluationShown, page = ''): string {
  const parts = keys.flatMap((key) =>
    shown[key] ? [`${key}=${encodeURIComponent(shown[key])}`] : [],
  );
  return `/evaluations/${evaluation}${page}${parts.length > 0 ? `?${parts.join('&')}` : ''}`;
}
