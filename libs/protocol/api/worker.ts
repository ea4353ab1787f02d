/** A worker, and the queue, as the REST API tells them. */
import { z } from 'zod';
import { BuildSummary } from './build.js';
import { Id, Time } from './page.js';

export const workerStates = ['connected', 'draining', 'paused', 'offline'] as const;

export const WorkerAnswer = z.object({
  id: Id,
  name: z.string(),
  state: z.enum(workerStates),
  systems: z.array(z.string()),
  features: z.array(z.string()),
  class: z.string(),
  slots: z.int(),
  cores: z.int(),
  speed: z.number(),
  version: z.string().nullable(),
  load: z.number().nullable(),
  memoryFree: z.int().nullable(),
  diskFree: z.int().nullable(),
  pauseNote: z.string().nullable(),
  enrolledAt: Time,
  connectedAt: Time.nullable(),
  lastSeenAt: Time.nullable(),
  /** What it builds now, by slot. */
  running: z.array(z.object({ slot: z.int(), attempt: Id, build: BuildSummary })),
});
export type WorkerAnswer = z.infer<typeof WorkerAnswer>;

export const QueueAnswer = z.object({
  scheduled: z.int(),
  submitted: z.int(),
  started: z.int(),
  bySystem: z.array(
    z.object({
      system: z.string(),
      scheduled: z.int(),
      submitted: z.int(),
      started: z.int(),
      oldestScheduledAt: Time.nullable(),
    }),
  ),
  /** Builds whose ticket may be claimed now. */
  byClass: z.array(z.object({ class: z.string(), released: z.int() })),
  /** Scheduled builds by what they wait for. */
  byReason: z.array(z.object({ reason: z.string(), builds: z.int() })),
});
export type QueueAnswer = z.infer<typeof QueueAnswer>;
