/** Leases on the fake database, by its clock. */
import type { AttemptId, BuildId, WorkerId } from '#domain/ids.js';
import type { AttemptClaim, LeaseStore, Renewal } from '#application/ports/lease-store.js';
import type { AttemptReport } from '#application/ports/report-store.js';
import type { LeaseRow } from '../farm-subject.js';
import type { FakeFarmDatabase } from './farm-database.js';

export class FakeLeaseStore implements LeaseStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  renew(worker: WorkerId, claims: readonly AttemptClaim[], seconds: number): Promise<Renewal> {
    return this.database.transaction(() => {
      const { leases } = this.database;
      const mine = claims.flatMap((claim) => {
        const lease = leases.find(claim.attempt, 'leases_attempt_id_key');
        return lease && lease.fence === claim.fence && lease.worker === worker ? [lease] : [];
      });
      const expiresAt = this.database.after(seconds);
      for (const lease of mine) leases.patch(lease, { expiresAt });
      return {
        renewed: new Set(mine.map((lease) => lease.attempt)),
        canceled: mine.flatMap(({ attempt, fence, cancelReason: reason }) =>
          reason === null ? [] : [{ attempt, fence, reason }],
        ),
      };
    });
  }

  async holder(attempt: AttemptId): Promise<WorkerId | null> {
    return this.database.leases.find(attempt, 'leases_attempt_id_key')?.worker ?? null;
  }

  async forgotten(
    worker: WorkerId,
    named: readonly AttemptId[],
  ): Promise<readonly AttemptReport[]> {
    const { leases, attempts } = this.database;
    return leases
      .all()
      .filter((lease) => lease.worker === worker && !named.includes(lease.attempt))
      .filter((lease) => attempts.find(lease.attempt)!.status === 'started')
      .sort((a, b) => a.attempt - b.attempt)
      .map(lostReport);
  }

  async beat(gapSeconds: number): Promise<void> {
    const { presence, now } = this.database;
    const isNew = presence === null || presence.seenAt < now - gapSeconds * 1000;
    this.database.presence = { upSince: isNew ? now : presence.upSince, seenAt: now };
  }

  async expired(
    leaseSeconds: number,
    gapSeconds: number,
    limit: number,
  ): Promise<readonly AttemptReport[]> {
    const { presence, now, leases } = this.database;
    if (!presence || presence.seenAt <= now - gapSeconds * 1000) return [];
    if (presence.upSince >= now - leaseSeconds * 1000) return [];
    return leases
      .all()
      .filter((lease) => lease.expiresAt < now)
      .sort((a, b) => a.expiresAt - b.expiresAt || a.attempt - b.attempt)
      .slice(0, limit)
      .map(lostReport);
  }

  wishCancel(build: BuildId, reason: string): Promise<WorkerId | null> {
    return this.database.transaction(() => {
      const lease = this.database.leases.find(build);
      if (!lease) return null;
      this.database.leases.patch(lease, { cancelReason: lease.cancelReason ?? reason });
      return lease.worker;
    });
  }
}

function lostReport({ worker, attempt, fence }: LeaseRow): AttemptReport {
  return { worker, attempt, fence, logBytes: 0, outputs: [] };
}
