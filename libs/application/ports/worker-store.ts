/** Workers, their credentials (kept as hashes) and what they last said. */
import type { WorkerId } from '#domain/ids.js';
import type { Result } from '#std/result.js';
import type { WorkerClass } from '#domain/worker/worker-class.js';

export interface Enrolment {
  readonly tokenHash: string;
  readonly name: string;
  readonly credentialHash: string;
}

export type EnrolRefusal =
  /** Unknown, used or expired: which of them is nobody's business. */
  { readonly kind: 'token-invalid' } | { readonly kind: 'name-taken' };

export interface KnownWorker {
  readonly id: WorkerId;
  readonly name: string;
  readonly credentialHash: string;
  /** It left the farm for good; its credential opens nothing. */
  readonly removed: boolean;
}

export interface WorkerHello extends WorkerClass {
  readonly gateway: string;
  readonly className: string;
  readonly slots: number;
  readonly cores: number;
  readonly protocol: number;
  readonly version: string;
}

export interface WorkerBeat {
  readonly gateway: string;
  readonly freeSlots: number;
  readonly load: number;
  readonly memoryFree: number;
  readonly diskFree: number;
  /** Why it takes no new builds, by its own word; null when it takes them. */
  readonly holdsBack: 'disk-guard' | 'draining' | null;
  /** Null when it does not tell. */
  readonly minDisk: number | null;
}

/** A conversation that the farm would not hold. */
export interface WorkerRefusal {
  readonly code: string;
  readonly message: string;
}

/** Whether builds may go to the worker, and if not, why. */
export interface Standing {
  readonly paused: boolean;
  readonly draining: boolean;
  readonly removed: boolean;
  readonly note: string;
}

export interface WorkerStore {
  createToken(tokenHash: string, note: string, seconds: number): Promise<Date>;
  enrol(enrolment: Enrolment): Promise<Result<WorkerId, EnrolRefusal>>;
  /** Null when there never was one. */
  find(worker: WorkerId): Promise<KnownWorker | null>;
  hello(worker: WorkerId, hello: WorkerHello): Promise<Standing>;
  beat(worker: WorkerId, beat: WorkerBeat): Promise<Standing>;
  /** Only if this gateway is still the one that holds it. */
  left(worker: WorkerId, gateway: string): Promise<void>;
  /** Kept, for people to see, until the next `hello` that is answered. */
  refused(worker: WorkerId, refusal: WorkerRefusal): Promise<void>;
}
