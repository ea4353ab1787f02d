/**
 * The worker's conversation: one WebSocket to the api at `/api/v1/workers/connect`, authorised by
 * `Authorization: Bearer WORKER_ID.SECRET`. JSON text frames as below; log bytes as binary frames
 * (see log-frame.ts). Every message may be repeated: offsets, slots and fences make it harmless.
 *
 * The highest version that both sides speak is chosen (see negotiate.ts) and told in `welcome`.
 * Version 2 answers heartbeats with the leases that were renewed, and lets a heartbeat say that the
 * worker takes no builds now and why; version 1 has neither, and must leave a conversation to take
 * its claims back. What only version 2 has is marked below, and never sent to one that speaks 1.
 */
import { z } from 'zod';

/** The protocol versions that we speak, newest first. */
export const protocolVersions = [2, 1] as const;

/** Why a worker that is there takes no new builds, by its own word. */
export const holdsBackReasons = ['disk-guard', 'draining'] as const;
export type HoldsBack = (typeof holdsBackReasons)[number];

const Id = z
  .string()
  .regex(/^[1-9][0-9]{0,15}$/)
  .refine((text) => Number.isSafeInteger(Number(text)), 'no id is so large');
const Fence = z.string().regex(/^[0-9a-f]{16}$/);
const Slot = z.int().min(0).max(1023);
const Name = z
  .string()
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}]+$/u, 'a name without control characters');

const RunningAttempt = z.object({ attempt: Id, build: Id, fence: Fence, slot: Slot });

const Hello = z.object({
  type: z.literal('hello'),
  protocol: z.array(z.int().positive()).min(1),
  version: Name,
  systems: z.array(Name).min(1).max(32),
  features: z.array(Name).max(64),
  /** max-jobs: how many builds at once. */
  slots: z.int().min(1).max(1024),
  /** Cores of one build, passed to builders as NIX_BUILD_CORES; 0 is all of the machine. */
  cores: z.int().min(0).max(4096),
  speed: z.number().positive().max(1000),
  backends: z.array(z.enum(['nix', 'guix', 'local'])).min(1),
  attempts: z.array(RunningAttempt).max(1024),
});

/**
 * Renews the leases of all attempts it names. Sent at the interval that `welcome` asks for, and in
 * version 2 at once when what it holds back for changes.
 */
const Heartbeat = z.object({
  type: z.literal('heartbeat'),
  freeSlots: z.int().min(0),
  load: z.number().min(0),
  memoryFree: z.int().min(0),
  diskFree: z.int().min(0),
  attempts: z.array(z.object({ attempt: Id, fence: Fence })).max(1024),
  /** Version 2: told again in the acknowledgement. */
  sequence: z.int().min(0).optional(),
  /** Version 2: no new builds now, its standing claims included; null when it takes them. */
  holdsBack: z.enum(holdsBackReasons).nullable().optional(),
  /** Version 2: below so many free bytes it holds back. */
  minDisk: z.int().min(0).optional(),
});

/** These slots are free and each wants a build. Stands until a build comes or the socket closes. */
const Claim = z.object({ type: z.literal('claim'), slots: z.array(Slot).min(1).max(1024) });

/** The builder began to run (its inputs are there). */
const Started = z.object({ type: z.literal('started'), attempt: Id, fence: Fence });

/** An output as the worker sees it; the hash must be what the substituter computed on arrival. */
const ReportedOutput = z.object({
  name: Name,
  path: z.string().max(255),
  narHash: z.string().max(80),
  narSize: z.int().min(0),
  references: z.array(z.string().max(255)).max(100_000),
});

const AttemptResult = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('succeeded'),
    // A derivation may have any number, and a report that is refused comes again for ever.
    outputs: z.array(ReportedOutput).min(1).max(16_384),
    /** Whether the builder could see nothing but its inputs; older agents do not say. */
    sandboxed: z.boolean().optional(),
  }),
  z.object({
    kind: z.literal('failed'),
    reason: z.enum([
      'builder-failed',
      'output-missing',
      'output-cycle',
      'timed-out',
      'silent',
      'log-limit',
      'hash-mismatch',
      'nondeterministic',
      'dependency',
      'unsupported-system',
      'handed-back',
      'no-space',
      'input-missing',
      'upload-failed',
      'infrastructure',
    ]),
    message: z.string().max(4096),
    exitCode: z.int().optional(),
  }),
  z.object({ kind: z.literal('canceled'), message: z.string().max(4096) }),
]);

/** The end of an attempt. Kept by the worker and sent again until `acknowledged`. */
const Report = z.object({
  type: z.literal('report'),
  attempt: Id,
  fence: Fence,
  logBytes: z.int().min(0),
  result: AttemptResult,
});

/** What a report that cannot be read as a whole may still say: which attempt it ends. */
export const ReportedAttempt = Report.pick({ type: true, attempt: true, fence: true });

export const WorkerMessage = z.discriminatedUnion('type', [
  Hello,
  Heartbeat,
  Claim,
  Started,
  Report,
]);
export type WorkerMessage = z.infer<typeof WorkerMessage>;
export type Hello = z.infer<typeof Hello>;
export type Heartbeat = z.infer<typeof Heartbeat>;
export type Report = z.infer<typeof Report>;
export type ReportedAttempt = z.infer<typeof ReportedAttempt>;
export type AttemptResult = z.infer<typeof AttemptResult>;
export type ReportedOutput = z.infer<typeof ReportedOutput>;

const Welcome = z.object({
  type: z.literal('welcome'),
  protocol: z.int(),
  worker: z.object({ id: Id, name: Name }),
  leaseSeconds: z.number().positive(),
  heartbeatSeconds: z.number().positive(),
  /** Unacknowledged log bytes that one attempt may have under way. */
  logWindowBytes: z.int().positive(),
  maxLogBytes: z.int().positive(),
  /** The base address of the substituter; stores lie below it at `/SLUG/`. */
  substituter: z.string(),
  /** Public keys (Nix format, `name:base64`) that sign what the farm serves. */
  publicKeys: z.array(z.string()),
  /** Attempts named in `hello` that are not the worker's any more: stop them and forget them. */
  lost: z.array(Id),
});

const Build = z.object({
  type: z.literal('build'),
  slot: Slot,
  attempt: Id,
  fence: Fence,
  build: Id,
  backend: z.enum(['nix', 'guix', 'local']),
  /** Slug and directory of the store, e.g. `nix` and `/nix/store`. */
  store: z.object({ slug: Name, dir: z.string() }),
  /** Base name of the `.drv`. */
  derivation: z.string().max(255),
  system: Name,
  outputs: z.array(z.object({ name: Name, path: z.string().nullable() })),
  limits: z.object({ timeoutSeconds: z.number(), maxSilentSeconds: z.number() }),
  /** Bearer token for uploads of this attempt, and of no other. */
  uploadToken: z.string(),
  /** Substitute servers with what the farm does not keep itself, in the order to ask them. */
  upstreams: z.array(z.object({ address: z.string(), publicKeys: z.array(z.string()) })).optional(),
  /** Of a store that is signed with keys of its own, instead of those of the welcome. */
  publicKeys: z.array(z.string()).optional(),
});

const Acknowledged = z.discriminatedUnion('of', [
  /** All log bytes below `offset` are kept; send on from there. */
  z.object({ type: z.literal('acknowledged'), of: z.literal('log'), attempt: Id, offset: z.int() }),
  /**
   * Settled: forget the attempt. `accepted` is false when the attempt was not the worker's any
   * more.
   */
  z.object({
    type: z.literal('acknowledged'),
    of: z.literal('report'),
    attempt: Id,
    accepted: z.boolean(),
  }),
  /** Version 2: the heartbeat was carried out; these leases were renewed, others were not. */
  z.object({
    type: z.literal('acknowledged'),
    of: z.literal('heartbeat'),
    sequence: z.int(),
    renewed: z.array(Id),
  }),
]);

const Cancel = z.object({
  type: z.literal('cancel'),
  attempt: Id,
  fence: Fence,
  reason: z.string(),
});
const Drain = z.object({ type: z.literal('drain'), note: z.string() });

/** Sent before the gateway closes the socket: why it will not talk with this worker. */
const Refused = z.object({ type: z.literal('refused'), code: Name, message: z.string() });

export const GatewayMessage = z.union([Welcome, Build, Acknowledged, Cancel, Drain, Refused]);
export type GatewayMessage = z.infer<typeof GatewayMessage>;
export type Welcome = z.infer<typeof Welcome>;
export type BuildMessage = z.infer<typeof Build>;

/**
 * `POST /api/v1/workers/enrol`: a one-time token is exchanged for a credential of the worker's own.
 */
export const EnrolRequest = z.object({
  token: z.string().min(1).max(256),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
});
export const EnrolAnswer = z.object({ worker: Id, name: Name, credential: z.string() });
export type EnrolAnswer = z.infer<typeof EnrolAnswer>;
