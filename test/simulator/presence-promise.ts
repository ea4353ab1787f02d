/**
 * An outage of ours reaps nothing: leases count as expired only after gateways have been there for
 * one whole lease without a gap. Kept apart from the stores, from the beats alone.
 */
import { presenceOf } from '#application/reap-leases.js';
import { holds } from './broken.js';
import type { Call } from './change-promises.js';
import { leaseSeconds } from './simulated-gateway.js';

export class PresenceWatch {
  private upSince: number | null = null;
  private seenAt = 0;

  /** `now` is the database's clock, in milliseconds. */
  look({ label, value }: Call, now: number): void {
    if (label === 'leases.beat') return this.beat(now);
    if (label !== 'leases.expired' || (value as readonly unknown[]).length === 0) return;
    const upMilliseconds = this.upSince === null ? -1 : now - this.upSince;
    const isLong = upMilliseconds >= leaseSeconds * 1000;
    const sentence = (): string => `leases expired ${upMilliseconds} ms after gateways came`;
    holds(isLong && !this.isGap(now), 'an outage of ours reaps nothing', sentence);
  }

  private beat(now: number): void {
    if (this.upSince === null || this.isGap(now)) this.upSince = now;
    this.seenAt = now;
  }

  private isGap(now: number): boolean {
    return now - this.seenAt > presenceOf(leaseSeconds).gapSeconds * 1000;
  }
}
