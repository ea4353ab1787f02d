/**
 * Against requests that a browser sends for another site's page: a certificate is shown without
 * anybody being asked, so a change by one needs a token that only our own pages hold. It is bound
 * to who holds it, and runs out.
 */
import { createHmac } from 'node:crypto';
import { sameSecret } from '#adapters/system/secret.js';
import type { Actor } from '#domain/access/actor.js';

export const forgeryField = '_csrf';
const lifeSeconds = 12 * 3600;

export class ForgeryTokens {
  private readonly key: Buffer;

  /** Replicas that share the secret take each other's tokens. */
  constructor(secret: string) {
    this.key = createHmac('sha256', secret).update('tokens of forms').digest();
  }

  /** `now` in milliseconds. */
  of(actor: Actor, now: number): string {
    return this.signed(actor, Math.floor(now / 1000) + lifeSeconds);
  }

  isGood(token: string, actor: Actor, now: number): boolean {
    const until = /^(\d{1,12})\.[A-Za-z0-9_-]{43}$/.exec(token)?.[1];
    if (until === undefined || Number(until) * 1000 <= now) return false;
    return sameSecret(token, this.signed(actor, Number(until)));
  }

  private signed({ via, name, fingerprint }: Actor, until: number): string {
    const said = JSON.stringify([via, name, fingerprint, until]);
    return `${until}.${createHmac('sha256', this.key).update(said).digest('base64url')}`;
  }
}
