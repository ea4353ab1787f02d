/**
 * What is measured of the farm, in Cuirass's order: its API numbers them from 0, by their places
 * here. Each value belongs to a field: a specification, a day, an evaluation or a worker.
 */
export const metricKinds = [
  'evaluation-seconds-last-10',
  'evaluation-seconds-last-100',
  'evaluation-seconds-all',
  'builds-ended-on-day',
  'builds-pending-on-day',
  'derivations-new-on-day',
  'failed-evaluations-percent-last-10',
  'failed-evaluations-percent-last-100',
  'failed-evaluations-percent-all',
  'evaluation-seconds-until-builds-start',
  'evaluation-seconds-until-builds-end',
  'evaluation-builds-per-hour',
  'worker-builds-last-day',
] as const;
export type MetricKind = (typeof metricKinds)[number];
