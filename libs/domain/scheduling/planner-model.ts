/**
 * What the planner is told and what it answers. Times are milliseconds on one clock (the
 * database's), durations milliseconds on a worker of speed 1.
 */
import type { BuildId, SpecificationId } from '../ids.js';
import type { BuildStatus } from '../build/status.js';
import type { BuildDemand } from '../worker/worker-class.js';
import type { WaitReason } from './wait-reason.js';
import type { ClassState, WorkerState } from './worker-state.js';

/** A build as the planner first hears of it. */
export interface PlannerBuild extends BuildDemand {
  readonly build: BuildId;
  readonly status: BuildStatus;
  /** 0 is the most urgent, 9 the least. */
  readonly priority: number;
  readonly packageName: string;
  readonly inputs: readonly BuildId[];
  /** The specifications whose live evaluations demand it, itself or through dependents. */
  readonly specifications: readonly SpecificationId[];
  /** Measured, by package name and system; null when the name was never seen. */
  readonly estimateMs: number | null;
  readonly notBefore: number | null;
  readonly generation: number;
  readonly scheduledAt: number;
  readonly releasedTo?: string | null;
  readonly releaseExpiresAt?: number | null;
  readonly runningOn?: string | null;
  readonly startedAt?: number | null;
}

/** What has become of a build; fields left out stay as they were. */
export interface BuildChange {
  readonly build: BuildId;
  readonly status: BuildStatus;
  readonly priority?: number;
  readonly generation?: number;
  /** The class whose queue holds its ticket, or null when no ticket is out. */
  readonly releasedTo?: string | null;
  readonly releaseExpiresAt?: number | null;
  readonly notBefore?: number | null;
  /** The class of the worker that runs it (status submitted or started). */
  readonly runningOn?: string | null;
  readonly startedAt?: number | null;
  /** When it ended; with `startedAt` the share of its specifications is charged exactly. */
  readonly endedAt?: number | null;
  readonly specifications?: readonly SpecificationId[];
}

export interface SpecificationShare {
  readonly specification: SpecificationId;
  /** A weight: 200 gets twice the machine time of 100 while both have builds that could run. */
  readonly share: number;
  /** How many of its builds may be out (released or running) at once; null for no limit. */
  readonly maxRunning: number | null;
}

export interface PlanInput {
  readonly now: number;
  /** Classes that have a worker which takes builds now. */
  readonly classes: readonly ClassState[];
  /** All workers that are enrolled, for the reasons. */
  readonly workers: readonly WorkerState[];
  readonly specifications: readonly SpecificationShare[];
  /** Classes that a build shall not go to, since their workers have lost it and others could. */
  readonly avoided?: ReadonlyMap<BuildId, ReadonlySet<string>>;
}

export interface Assignment {
  readonly build: BuildId;
  readonly workerClass: string;
  /** From 1 (the most urgent) to 2,097,151; it orders tickets of one class over all plans. */
  readonly rank: number;
}

/** A ticket that lies unclaimed where the plan no longer wants it. */
export interface Withdrawal {
  readonly build: BuildId;
  readonly workerClass: string;
  readonly generation: number;
}

/**
 * Withdrawals are carried out before assignments: a build may stand in both, which moves it. The
 * planner takes both for done at once; a `change` that says otherwise corrects it, and an
 * assignment that nobody confirms is void after `releaseMs`.
 */
export interface PlannerPlan {
  readonly assignments: readonly Assignment[];
  readonly withdrawals: readonly Withdrawal[];
}

export interface Estimate {
  readonly startsAt: number | null;
  readonly endsAt: number | null;
}

export interface PlannedWait extends Estimate {
  readonly reason: WaitReason;
  /** How many builds go before it among those that wait for the same workers, from 1. */
  readonly position: number | null;
  /** The specification whose limit of running builds holds it, if one does. */
  readonly limitedBy: SpecificationId | null;
}

export interface PlannerSize {
  readonly builds: number;
  readonly edges: number;
  readonly ready: number;
  readonly released: number;
  readonly running: number;
  /** Bytes of the typed arrays; maps and strings come on top. */
  readonly bytes: number;
}

export interface SchedulingPolicy {
  /** How long a release is taken to hold before anybody confirms it. */
  readonly releaseMs: number;
  /** A build of priority p is due by its age when it has been ready for (p + 1) × this. */
  readonly agingMs: number;
  /** Tickets lie ahead of the slots for at least so much work, within the window. */
  readonly aheadMs: number;
  /** A build is charged for at most so much of its estimate before it has run. */
  readonly chargeAheadMs: number;
  /** A class of rare features is kept free for builds that need them for so long at most. */
  readonly reserveMs: number;
  /** Features whose classes are reserved for the builds that need them. */
  readonly reservedFeatures: readonly string[];
  /** What a build of a name never seen is taken to last, until durations have been learnt. */
  readonly unknownMs: number;
  /** The share of known names that last less than a build of a name never seen is taken to last. */
  readonly unknownQuantile: number;
  /** One of so many releases of a class goes to the build that is longest due by its age. */
  readonly agingTurns: number;
}

export const defaultPolicy: SchedulingPolicy = {
  releaseMs: 30_000,
  agingMs: 7_200_000,
  aheadMs: 10_000,
  chargeAheadMs: 600_000,
  reserveMs: 300_000,
  reservedFeatures: ['big-parallel'],
  unknownMs: 600_000,
  unknownQuantile: 0.9,
  agingTurns: 8,
};
