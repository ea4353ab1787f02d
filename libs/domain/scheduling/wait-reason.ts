/**
 * Why a scheduled build waits. Nothing waits without one of these, and the API tells it as a word
 * (`kind`) and a sentence. The first that applies is the reason: inputs, back-off, ticket, workers.
 */
import { isFailed, type BuildStatus } from '../build/status.js';
import type { BuildId, SpecificationId } from '../ids.js';
import { canBuild, type BuildDemand } from '../worker/worker-class.js';
import { isTaking, type WorkerState } from './worker-state.js';

export type WaitReason =
  /** These inputs are not finished; the first few of them. */
  | { readonly kind: 'inputs-unfinished'; readonly inputs: readonly BuildId[] }
  /** An input has failed; the failure is about to be told on. */
  | { readonly kind: 'input-failed'; readonly inputs: readonly BuildId[] }
  /** An input was canceled; somebody must schedule it again. */
  | { readonly kind: 'input-canceled'; readonly inputs: readonly BuildId[] }
  /** An upstream has what it yields, which is fetched. */
  | { readonly kind: 'substituting' }
  /** The farm failed it before; not again before `until` (milliseconds since 1970). */
  | { readonly kind: 'backing-off'; readonly until: number }
  /** A ticket is out; the next free slot of the class takes it. */
  | { readonly kind: 'released'; readonly workerClass: string }
  | { readonly kind: 'no-worker-for-system'; readonly system: string }
  /** Workers of the system are there, but none has these features together. */
  | { readonly kind: 'no-worker-for-features'; readonly features: readonly string[] }
  | { readonly kind: 'workers-offline' }
  | { readonly kind: 'workers-paused' }
  /** A worker that could build it has too little disk free, and takes builds when it has more. */
  | { readonly kind: 'disk-guard' }
  /** Whoever has lost it before does not get it again while others could take it; they are busy. */
  | { readonly kind: 'avoiding-workers' }
  /** A specification that demands it runs as many builds as it may. */
  | { readonly kind: 'limit'; readonly specification: SpecificationId }
  | { readonly kind: 'all-busy' };

export interface WaitFacts {
  /** It is fetched instead of built, and needs no inputs. */
  readonly substituting?: boolean;
  readonly demand: BuildDemand;
  /** Inputs that have not succeeded; any few of them will do, failed ones first. */
  readonly inputs: readonly { readonly build: BuildId; readonly status: BuildStatus }[];
  /** Milliseconds since 1970, on the clock that `now` is of. */
  readonly notBefore: number | null;
  readonly releaseExpiresAt: number | null;
  readonly workerClass: string | null;
  readonly workers: readonly WorkerState[];
  readonly now: number;
}

export function waitReason(facts: WaitFacts): WaitReason {
  const { inputs, notBefore, releaseExpiresAt, workerClass, now } = facts;
  if (facts.substituting === true) return { kind: 'substituting' };
  const failed = inputs.filter((input) => isFailed(input.status));
  if (failed.length > 0) return { kind: 'input-failed', inputs: failed.map((i) => i.build) };
  const canceled = inputs.filter((input) => input.status === 'canceled');
  if (canceled.length > 0) return { kind: 'input-canceled', inputs: canceled.map((i) => i.build) };
  if (inputs.length > 0) return { kind: 'inputs-unfinished', inputs: inputs.map((i) => i.build) };
  if (notBefore !== null && notBefore > now) return { kind: 'backing-off', until: notBefore };
  const lack = lackOfWorkers(facts.demand, facts.workers);
  if (lack) return lack;
  if (workerClass !== null && releaseExpiresAt !== null && releaseExpiresAt > now) {
    return { kind: 'released', workerClass };
  }
  const able = facts.workers.filter((w) => isTaking(w) && canBuild(w, facts.demand));
  const isAvoiding = able.some((w) => w.avoided === true) && able.some((w) => w.avoided !== true);
  return { kind: isAvoiding ? 'avoiding-workers' : 'all-busy' };
}

function lackOfWorkers(demand: BuildDemand, workers: readonly WorkerState[]): WaitReason | null {
  const ofSystem = workers.filter((w) => canBuild(w, { ...demand, requiredFeatures: [] }));
  if (ofSystem.length === 0) return { kind: 'no-worker-for-system', system: demand.system };
  const fitting = ofSystem.filter((worker) => canBuild(worker, demand));
  if (fitting.length === 0) {
    return { kind: 'no-worker-for-features', features: demand.requiredFeatures };
  }
  if (fitting.some(isTaking)) return null;
  const connected = fitting.filter((worker) => worker.connected);
  if (connected.some((w) => w.diskGuard === true && !w.paused && !w.draining)) {
    return { kind: 'disk-guard' };
  }
  return { kind: connected.length > 0 ? 'workers-paused' : 'workers-offline' };
}

/** The reason as people read it; `until` is told by whoever can print a time. */
export function sentenceOfWait(reason: WaitReason): string {
  switch (reason.kind) {
    case 'inputs-unfinished':
      return 'Its inputs are not finished.';
    case 'input-failed':
      return 'An input has failed.';
    case 'input-canceled':
      return 'An input was canceled.';
    case 'substituting':
      return 'An upstream has what it yields: that is fetched.';
    case 'backing-off':
      return 'The farm failed it before and waits a little before the next attempt.';
    case 'released':
      return 'The next free slot takes it.';
    case 'no-worker-for-system':
      return `No worker builds for ${reason.system}.`;
    case 'no-worker-for-features':
      return `No worker of its system has the features ${reason.features.join(', ')}.`;
    case 'workers-offline':
      return 'Every worker that could build it is offline.';
    case 'disk-guard':
      return 'Every worker that could build it is short of disk, paused or drains.';
    case 'workers-paused':
      return 'Every worker that could build it is paused or drains.';
    case 'avoiding-workers':
      return 'A worker that failed it before does not get it again; all others are busy.';
    case 'limit':
      return 'Its specification runs as many builds as it may.';
    case 'all-busy':
      return 'Every worker that could build it is busy.';
  }
}

/** Beyond the facts, the planner knows that a build which only lacks a slot is held by a limit. */
export function reasonWithLimit(reason: WaitReason, limitedBy: SpecificationId | null): WaitReason {
  if (limitedBy === null || reason.kind !== 'all-busy') return reason;
  return { kind: 'limit', specification: limitedBy };
}
