/**
 * What becomes of an attempt and of its build when the attempt ends. The package's fault is final;
 * the farm's is tried again with growing pauses, and after too many the build ends `failed-other`.
 */
import { faultOf, isOfTime, type FailureReason } from './reason.js';
import type { AttemptStatus, BuildStatus } from './status.js';

export type AttemptOutcome =
  | { readonly kind: 'succeeded'; readonly note?: string }
  | {
      readonly kind: 'failed';
      readonly reason: FailureReason;
      readonly message: string;
      readonly exitCode?: number | undefined;
    }
  | { readonly kind: 'canceled'; readonly message: string };

export interface AttemptFacts {
  /** How often the farm has failed this build before. */
  readonly farmFaults: number;
  /** Somebody wished the attempt to end, and why. */
  readonly cancelReason: string | null;
  /** How many workers stopped answering while they built it, before this one. */
  readonly workersLost?: number;
  /** Somebody has allowed the build more time since the attempt began. */
  readonly allowedMore?: boolean;
}

export interface Settlement {
  readonly attempt: {
    readonly status: AttemptStatus;
    readonly reason: FailureReason | null;
    readonly message: string | null;
    readonly exitCode: number | null;
  };
  readonly build: {
    readonly status: BuildStatus;
    readonly reason: FailureReason | null;
    readonly farmFaults: number;
    /** Seconds before the next attempt; null when there is none or no need to wait. */
    readonly backOffSeconds: number | null;
  };
}

/** The fifth farm fault of a build is its last. */
export const farmFaultsAtMost = 5;
/** A derivation that takes the third worker down with it is not given a fourth. */
export const workersLostAtMost = 3;
const firstBackOffSeconds = 2;
const backOffFactor = 4;

/** 2, 8, 32, 128 seconds after the first, second, third and fourth farm fault. */
export function backOffSeconds(farmFaults: number): number {
  return firstBackOffSeconds * backOffFactor ** (Math.max(1, farmFaults) - 1);
}

export function nextBuildStatus(outcome: AttemptOutcome, facts: AttemptFacts): Settlement {
  switch (outcome.kind) {
    case 'succeeded':
      return {
        attempt: ended('succeeded', null, outcome.note ?? null),
        build: final('succeeded', null, facts),
      };
    case 'canceled':
      return afterCancel(outcome.message, facts);
    case 'failed':
      return afterFailure(outcome, facts);
  }
}

/** A worker that gives up although nobody asked it to has handed the build back. */
function afterCancel(message: string, facts: AttemptFacts): Settlement {
  if (facts.cancelReason === null) {
    return { attempt: ended('canceled', 'handed-back', message), build: again(facts, 0) };
  }
  return { attempt: ended('canceled', null, message), build: final('canceled', null, facts) };
}

function afterFailure(
  outcome: AttemptOutcome & { kind: 'failed' },
  facts: AttemptFacts,
): Settlement {
  const { reason, message } = outcome;
  const exitCode = outcome.exitCode ?? null;
  if (faultOf(reason) === 'package') {
    const attempt = { ...ended('failed', reason, message), exitCode };
    const tooShort = isOfTime(reason) && facts.allowedMore === true;
    if (tooShort && facts.cancelReason === null) return { attempt, build: again(facts, 0) };
    return { attempt, build: final('failed', reason, facts) };
  }
  const attempt = { ...ended('failed-other', reason, message), exitCode };
  if (facts.cancelReason !== null) return { attempt, build: final('canceled', null, facts) };
  // A worker that drains is no sign that the build harms workers.
  if (reason === 'handed-back') return { attempt, build: again(facts, 0) };
  const faults = { ...facts, farmFaults: facts.farmFaults + 1 };
  const lost = (facts.workersLost ?? 0) + (reason === 'worker-lost' ? 1 : 0);
  if (lost >= workersLostAtMost && reason === 'worker-lost') {
    return { attempt, build: final('failed-other', 'quarantined', faults) };
  }
  if (faults.farmFaults < farmFaultsAtMost) return { attempt, build: again(facts, 1) };
  return { attempt, build: final('failed-other', reason, faults) };
}

function ended(
  status: AttemptStatus,
  reason: FailureReason | null,
  message: string | null,
): Settlement['attempt'] {
  return { status, reason, message, exitCode: null };
}

function final(
  status: BuildStatus,
  reason: FailureReason | null,
  facts: AttemptFacts,
): Settlement['build'] {
  return { status, reason, farmFaults: facts.farmFaults, backOffSeconds: null };
}

function again(facts: AttemptFacts, newFaults: number): Settlement['build'] {
  const farmFaults = facts.farmFaults + newFaults;
  const backOff = newFaults === 0 ? null : backOffSeconds(farmFaults);
  return { status: 'scheduled', reason: null, farmFaults, backOffSeconds: backOff };
}
