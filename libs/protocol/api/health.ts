/** Whether a process lives and is ready: `/livez` and `/readyz`. */
import { z } from 'zod';

export const LifeAnswer = z.object({ status: z.literal('ok') });
export type LifeAnswer = z.infer<typeof LifeAnswer>;

export const ReadinessQuery = z.object({
  /** Tells how long each check took, too. */
  verbose: z.string().max(10).optional(),
});
export type ReadinessQuery = z.infer<typeof ReadinessQuery>;

export const CheckDetail = z.object({
  ok: z.boolean(),
  detail: z.string(),
  milliseconds: z.number(),
});
export type CheckDetail = z.infer<typeof CheckDetail>;

export const ReadinessAnswer = z.object({
  status: z.literal('ok'),
  /** By name, `ok` each. */
  checks: z.record(z.string(), z.string()),
  /** With `?verbose` alone. */
  details: z.record(z.string(), CheckDetail).optional(),
  upSeconds: z.number().optional(),
});
export type ReadinessAnswer = z.infer<typeof ReadinessAnswer>;
