// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What the farm measures of itself. */
import type { Client, Reading } from '../client.js';

export interface MetricAnswer {
  readonly kind:
    | 'evaluation-seconds-last-10'
    | 'evaluation-seconds-last-100'
    | 'evaluation-seconds-all'
    | 'builds-ended-on-day'
    | 'builds-pending-on-day'
    | 'derivations-new-on-day'
    | 'failed-evaluations-percent-last-10'
    | 'failed-evaluations-percent-last-100'
    | 'failed-evaluations-percent-all'
    | 'evaluation-seconds-until-builds-start'
    | 'evaluation-seconds-until-builds-end'
    | 'evaluation-builds-per-hour'
    | 'worker-builds-last-day';
  readonly field: string;
  readonly value: number;
  readonly measuredAt: string;
}

export interface MetricsAnswer {
  readonly items: readonly MetricAnswer[];
}

/** What was measured once an hour; each kind newest first. */
export function listMetrics(
  client: Client,
  input: {
    readonly query?: {
      readonly kind?:
        | 'evaluation-seconds-last-10'
        | 'evaluation-seconds-last-100'
        | 'evaluation-seconds-all'
        | 'builds-ended-on-day'
        | 'builds-pending-on-day'
        | 'derivations-new-on-day'
        | 'failed-evaluations-percent-last-10'
        | 'failed-evaluations-percent-last-100'
        | 'failed-evaluations-percent-all'
        | 'evaluation-seconds-until-builds-start'
        | 'evaluation-seconds-until-builds-end'
        | 'evaluation-builds-per-hour'
        | 'worker-builds-last-day';
    };
  } & Reading = {},
): Promise<MetricsAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/metrics', answer: 'json' }, input);
}
