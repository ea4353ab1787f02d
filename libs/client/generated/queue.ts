// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What waits, where and why. */
import type { Client, Reading } from '../client.js';

export interface EmptyEstimate {
  readonly emptyAt: string | null;
  readonly withoutWorker: number;
  readonly bySystem: readonly {
    readonly system: string;
    readonly emptyAt: string | null;
    readonly withoutWorker: number;
  }[];
}

export interface FinishedBuilds {
  readonly since: string;
  readonly builds: number;
  readonly perHour: number;
  readonly bySystem: readonly {
    readonly system: string;
    readonly builds: number;
    readonly perHour: number;
  }[];
}

export interface OutlookEvaluation {
  readonly id: string;
  readonly specification: { readonly id: string; readonly name: string };
  readonly trigger: 'poll' | 'hook' | 'edit' | 'retry';
  readonly phase: 'waiting' | 'reading' | 'registering';
  readonly startedAt: string;
  readonly jobs: number;
  readonly lastJobs: number | null;
}

export interface QueueAnswer {
  readonly scheduled: number;
  readonly submitted: number;
  readonly started: number;
  readonly bySystem: readonly {
    readonly system: string;
    readonly scheduled: number;
    readonly submitted: number;
    readonly started: number;
    readonly oldestScheduledAt: string | null;
  }[];
  readonly byPriority: readonly {
    readonly system: string;
    readonly priority: number;
    readonly scheduled: number;
    readonly oldestScheduledAt: string | null;
    readonly reasons: readonly { readonly reason: string; readonly builds: number }[];
  }[];
  readonly byClass: readonly { readonly class: string; readonly released: number }[];
  readonly byReason: readonly { readonly reason: string; readonly builds: number }[];
  readonly outlook?: {
    readonly evaluations: {
      readonly underWay: number;
      readonly items: readonly OutlookEvaluation[];
    };
    readonly finished: FinishedBuilds | null;
    readonly estimate: EmptyEstimate | null;
  };
}

/** How much waits, where, and why. */
export function getQueue(client: Client, input: {} & Reading = {}): Promise<QueueAnswer> {
  return client.call({ method: 'GET', path: '/api/v1/queue', answer: 'json' }, input);
}
