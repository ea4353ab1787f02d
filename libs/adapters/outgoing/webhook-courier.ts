/**
 * Webhooks as Standard Webhooks 1.0.0 has them: an id that is the same on every try, the time of
 * this try, and a signature by each secret that is good now, so that secrets can be changed without
 * a gap. Only 2xx is a success; 410 says that nobody listens there any more.
 */
import { createHmac } from 'node:crypto';
import { FarmFault } from '#std/farm-fault.js';
import type { Pages } from '#domain/notification/pages.js';
import type { Outcome } from '#domain/notification/timing.js';
import { webhookOf, type Webhook } from '#domain/notification/webhook.js';
import type { Courier } from '#application/ports/courier.js';
import { guardedRequest, type Answered, type Guard } from './guarded-request.js';

export interface WebhookSettings extends Omit<Guard, 'cancellation'> {
  readonly pages: Pages;
  /** Of a credential: a `whsec_…` on each line. Throws FarmFault. */
  readonly secret: (name: string) => Promise<string>;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
}

const prefix = 'whsec_';

export function webhookCourier(settings: WebhookSettings): Courier<'webhook'> {
  return async (message, { url, secret }, cancellation) => {
    const webhook = webhookOf(message, settings.pages);
    const secrets = secret === undefined ? [] : secretsIn(secret, await settings.secret(secret));
    const seconds = Math.floor(settings.clock() / 1000);
    const answer = await guardedRequest(
      { ...settings, cancellation },
      {
        ...{ method: 'POST', url, body: webhook.body },
        headers: {
          'content-type': 'application/json',
          'webhook-id': webhook.id,
          'webhook-timestamp': String(seconds),
          ...(secrets.length > 0 && { 'webhook-signature': signatures(webhook, seconds, secrets) }),
        },
      },
    );
    return outcomeOf(answer, settings.clock());
  };
}

/** Separated by spaces: the receiver looks for one that it can check. */
export function signatures(
  { id, body }: Webhook,
  seconds: number,
  secrets: readonly Buffer[],
): string {
  return secrets
    .map((secret) => createHmac('sha256', secret).update(`${id}.${seconds}.${body}`))
    .map((hmac) => `v1,${hmac.digest('base64')}`)
    .join(' ');
}

/** Throws FarmFault `misconfigured`, which tells nothing of what stands there. */
export function secretsIn(name: string, text: string): Buffer[] {
  return text
    .split(/\s+/)
    .filter((line) => line !== '')
    .map((line) => {
      const secret = Buffer.from(line.slice(prefix.length), 'base64');
      if (line.startsWith(prefix) && secret.length >= 16) return secret;
      const message = `the credential ${name} holds something that is no ${prefix} secret`;
      throw new FarmFault('misconfigured', message);
    });
}

function outcomeOf({ status, headers, text }: Answered, now: number): Outcome {
  const answer = `${status} ${text}`.trim();
  if (status >= 200 && status < 300) return { kind: 'delivered', answer };
  if (status === 410) return { kind: 'refused', answer };
  const rest = headers['retry-after'];
  const afterSeconds = rest === undefined ? undefined : secondsUntil(rest, now);
  return { kind: 'failed', answer, afterSeconds };
}

/** RFC 9110: a number of seconds, or a date. */
export function secondsUntil(rest: string, now: number): number | undefined {
  if (/^\d{1,9}$/.test(rest)) return Number(rest);
  const at = Date.parse(rest);
  return Number.isNaN(at) ? undefined : Math.max(0, (at - now) / 1000);
}
