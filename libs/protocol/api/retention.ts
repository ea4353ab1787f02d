/** What is kept by hand, and collections of garbage, as the REST API tells them. */
import { z } from 'zod';
import { ResourceName } from '../specification.js';
import { Id, Time } from './page.js';

const Note = z.string().max(1000).default('');

/** A full store path, or its base name. */
const StorePath = z
  .string()
  .max(300)
  .regex(
    /^(\/[A-Za-z0-9._/-]{1,80}\/)?[0-9abcdfghijklmnpqrsvwxyz]{32}-[A-Za-z0-9+._?=-]{1,211}$/,
    'a store path',
  );

export const PinRequest = z.strictObject({
  path: StorePath,
  /** The slug of the store, where several offer the path. */
  store: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,31}$/, 'the slug of a store')
    .optional(),
  note: Note,
  /** Absent: until it is removed. */
  expiresAt: Time.optional(),
});
export type PinRequest = z.infer<typeof PinRequest>;

export const PinAnswer = z.object({
  id: Id,
  store: z.string(),
  /** Full. */
  path: z.string(),
  note: z.string(),
  createdAt: Time,
  expiresAt: Time.nullable(),
});
export type PinAnswer = z.infer<typeof PinAnswer>;

export const ReleaseRequest = z.strictObject({
  name: ResourceName,
  evaluation: Id,
  note: Note,
  /** Absent: until it is removed. */
  expiresAt: Time.optional(),
});
export type ReleaseRequest = z.infer<typeof ReleaseRequest>;

export const ReleaseAnswer = z.object({
  id: Id,
  name: z.string(),
  evaluation: Id,
  specification: z.string(),
  note: z.string(),
  createdAt: Time,
  expiresAt: Time.nullable(),
  /** Whether it has expired: it is history, and its evaluation is not kept for its sake. */
  expired: z.boolean(),
});
export type ReleaseAnswer = z.infer<typeof ReleaseAnswer>;

export const ReleasesQuery = z.object({ name: ResourceName.optional() });

export const CollectionRequest = z.strictObject({
  /** Says what would go, and lets nothing go. */
  dryRun: z.boolean().default(false),
  /** Ends when so many bytes are let go, those unused for the longest time first. */
  wantedBytes: z.int().min(1).optional(),
});
export type CollectionRequest = z.infer<typeof CollectionRequest>;

export const CollectionAnswer = z.object({
  id: Id,
  wishedBy: z.enum(['person', 'clock', 'disk']),
  dryRun: z.boolean(),
  wantedBytes: z.int().nullable(),
  phase: z.enum([
    ...['waiting', 'evaluations', 'derivations', 'looking', 'paths', 'packs'],
    ...['finished', 'failed'],
  ] as const),
  fault: z.string().nullable(),
  requestedAt: Time,
  startedAt: Time.nullable(),
  finishedAt: Time.nullable(),
  /** What was let go so far; in a dry run what would be. */
  evaluations: z.int(),
  derivations: z.int(),
  pathsLooked: z.int(),
  pathsFound: z.int(),
  paths: z.int(),
  bytes: z.int(),
  packs: z.int(),
  logs: z.int(),
});
export type CollectionAnswer = z.infer<typeof CollectionAnswer>;

/** A disk of the farm that is short. */
export const DiskAnswer = z.object({
  name: z.string(),
  place: z.string(),
  /** soft: nothing new is evaluated; hard: nothing is taken in either. */
  level: z.enum(['soft', 'hard']),
  freeBytes: z.int(),
  totalBytes: z.int(),
  since: Time,
});
export type DiskAnswer = z.infer<typeof DiskAnswer>;

/** What the farm as a whole holds back, and why. */
export const FarmAnswer = z.object({
  /** The shortest of its disks. */
  disk: z.enum(['roomy', 'soft', 'hard']),
  disks: z.array(DiskAnswer),
});
export type FarmAnswer = z.infer<typeof FarmAnswer>;
