/** `/api/v1/metrics`: what the farm measures of itself once an hour. */
import { z } from 'zod';
import { metricKinds } from '#domain/weather/metrics.js';
import { Time } from './page.js';

export const MetricAnswer = z.object({
  kind: z.enum(metricKinds),
  /** A specification's name, a day as YYYY-MM-DD, an evaluation's id, or a worker's name. */
  field: z.string(),
  /** Seconds, per cent, builds, or builds an hour, as the kind says. */
  value: z.number(),
  measuredAt: Time,
});
export type MetricAnswer = z.infer<typeof MetricAnswer>;

export const MetricsAnswer = z.object({ items: z.array(MetricAnswer) });
export type MetricsAnswer = z.infer<typeof MetricsAnswer>;
