// Generated from the OpenAPI document by `npm run client`: do not edit.
/** What was told to whom. */
import type { Client, Reading, Starting } from '../client.js';

export interface NotificationAnswer {
  readonly id: string;
  readonly specification: string;
  readonly evaluation: string | null;
  readonly receiver: string;
  readonly state: 'gathering' | 'waiting' | 'delivered' | 'given-up' | 'dropped';
  readonly changes: number;
  readonly attempts: number;
  readonly nextTryAt: string | null;
  readonly lastAnswer: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
}

export interface NotificationDetail {
  readonly id: string;
  readonly specification: string;
  readonly evaluation: string | null;
  readonly receiver: string;
  readonly state: 'gathering' | 'waiting' | 'delivered' | 'given-up' | 'dropped';
  readonly changes: number;
  readonly attempts: number;
  readonly nextTryAt: string | null;
  readonly lastAnswer: string | null;
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly told: readonly {
    readonly job: string;
    readonly system: string;
    readonly status: 'broken' | 'fixed';
    readonly build: string;
    readonly changedAt: string;
  }[];
  readonly tries: readonly {
    readonly number: number;
    readonly triedAt: string;
    readonly milliseconds: number;
    readonly delivered: boolean;
    readonly answer: string;
  }[];
}

export interface NotificationList {
  readonly items: readonly NotificationAnswer[];
  readonly next: string | null;
}

export interface TrialList {
  readonly items: readonly NotificationAnswer[];
}

export interface TrialRequest {
  readonly specification: string;
}

/** Messages to receivers, newest first. */
export function listNotifications(
  client: Client,
  input: {
    readonly query?: {
      readonly cursor?: string;
      readonly limit?: number;
      readonly specification?: string;
      readonly evaluation?: string;
      readonly state?: 'gathering' | 'waiting' | 'delivered' | 'given-up' | 'dropped';
    };
  } & Reading = {},
): Promise<NotificationList> {
  return client.call({ method: 'GET', path: '/api/v1/notifications', answer: 'json' }, input);
}

/** One message, with what its receiver answered to each try. */
export function getNotification(
  client: Client,
  input: { readonly path: { readonly id: string } } & Reading,
): Promise<NotificationDetail> {
  return client.call({ method: 'GET', path: '/api/v1/notifications/{id}', answer: 'json' }, input);
}

/** Send it now, as if it had never been tried. */
export function resendNotification(
  client: Client,
  input: { readonly path: { readonly id: string } } & Starting,
): Promise<NotificationDetail> {
  return client.call(
    { method: 'POST', path: '/api/v1/notifications/{id}/resend', answer: 'json' },
    input,
  );
}

/** Tell every receiver of a specification that this is a trial. */
export function testNotification(
  client: Client,
  input: { readonly body: TrialRequest } & Starting,
): Promise<TrialList> {
  return client.call({ method: 'POST', path: '/api/v1/notifications/test', answer: 'json' }, input);
}
