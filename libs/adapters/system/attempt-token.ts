/**
 * The bearer token of one attempt's uploads: `ATTEMPT.FENCE.MAC`, where MAC is HMAC-SHA-256 of
 * `attempt-upload:ATTEMPT:FENCE` under the farm's service token, in hexadecimal. Whoever checks it
 * must also find the lease with this fence alive: the token says who, the lease says until when.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { id, type AttemptId, type Fence } from '#domain/ids.js';

export interface AttemptClaim {
  readonly attempt: AttemptId;
  readonly fence: Fence;
}

export function createAttemptToken(claim: AttemptClaim, serviceToken: string): string {
  return `${claim.attempt}.${claim.fence}.${mac(claim, serviceToken)}`;
}

/** Null when the token is malformed or not ours; compares in constant time. */
export function readAttemptToken(token: string, serviceToken: string): AttemptClaim | null {
  const match = /^([1-9][0-9]{0,15})\.([0-9a-f]{16})\.([0-9a-f]{64})$/.exec(token);
  if (!match) return null;
  const claim = { attempt: id<AttemptId>(match[1]!), fence: match[2] as Fence };
  const expected = Buffer.from(mac(claim, serviceToken));
  return timingSafeEqual(expected, Buffer.from(match[3]!)) ? claim : null;
}

function mac(claim: AttemptClaim, serviceToken: string): string {
  return createHmac('sha256', serviceToken)
    .update(`attempt-upload:${claim.attempt}:${claim.fence}`)
    .digest('hex');
}
