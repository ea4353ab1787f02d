/** A worker as the REST API tells it. */
import { z } from 'zod';
import { attemptStatuses, type AttemptStatus } from '#domain/build/status.js';
import { BuildSummary } from './build.js';
import { Id, Time } from './page.js';

export const workerStates = [
  'connected',
  'draining',
  'paused',
  'disk-guard',
  'refused',
  'offline',
] as const;

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
  /** The version of the worker protocol that it spoke last. */
  protocol: z.int().nullable(),
  load: z.number().nullable(),
  memoryFree: z.int().nullable(),
  diskFree: z.int().nullable(),
  /** It takes no new builds while less of its disk is free. */
  minDisk: z.int().nullable(),
  /** Of the pause or the drain. */
  pauseNote: z.string().nullable(),
  /** When the pause lifts by itself. */
  pauseUntil: Time.nullable(),
  /** Why the farm would not talk with it when it came last. */
  refusal: z.object({ at: Time, code: z.string(), message: z.string() }).nullable(),
  enrolledAt: Time,
  connectedAt: Time.nullable(),
  lastSeenAt: Time.nullable(),
  /** What it builds now, by slot. */
  running: z.array(
    z.object({
      slot: z.int(),
      attempt: Id,
      build: BuildSummary,
      /** How long such builds take on it; null when none was built yet. */
      expectedSeconds: z.number().nullable(),
    }),
  ),
});
export type WorkerAnswer = z.infer<typeof WorkerAnswer>;

/** What a worker tried, the newest first. */
export const WorkerAttempt = z.object({
  id: Id,
  build: z.object({ id: Id, name: z.string(), system: z.string() }),
  status: z.enum(Object.keys(attemptStatuses) as [AttemptStatus, ...AttemptStatus[]]),
  reason: z.string().nullable(),
  startedAt: Time.nullable(),
  endedAt: Time.nullable(),
});
export type WorkerAttempt = z.infer<typeof WorkerAttempt>;

const Note = z.string().max(1000).default('');
/** `until` must lie ahead; without it the pause stands until somebody resumes the worker. */
export const PauseRequest = z
  .strictObject({ note: Note, until: z.iso.datetime({ offset: true }).optional() })
  .prefault({});
export const DrainRequest = z.strictObject({ note: Note }).prefault({});
