/**
 * Claims: one statement takes the build, writes its attempt and its lease, or nothing at all. A
 * crash before it leaves a release that expires; a crash after it leaves a lease that the slot is
 * told again when it repeats its claim.
 */
import { err, ok, type Result } from '#std/result.js';
import { invariant } from '#std/invariant.js';
import { resolveLimits } from '#domain/build/limits.js';
import { id, type AttemptId, type BuildId, type Fence, type WorkerId } from '#domain/ids.js';
import type {
  ClaimedBuild,
  ClaimRefusal,
  ClaimRequest,
  ClaimStore,
} from '#application/ports/claim-store.js';
import { avoidTheWorker } from './avoided-worker.js';
import type { Database, Row } from './database.js';
import { workerIsPaused } from './worker-store.js';

interface ClaimRow extends Row {
  attempt_id: number | null;
  taking: boolean;
  avoided: boolean;
  passed: { class: string; generation: number } | null;
}

interface HeldRow extends Row {
  attempt_id: number;
  build_id: number;
  slot: number;
  fence: Fence;
  slug: string;
  dir: string;
  path: string;
  system: string;
  timeout_seconds: number | null;
  max_silent_seconds: number | null;
  outputs: { name: string; path: string | null }[];
}

const claimBuild = `
  with worker as (
    select id from workers
     where id = $1 and removed_at is null and not ${workerIsPaused} and not draining),
  ${avoidTheWorker},
  taken as (
    update builds b
       set status = 'submitted', attempts = attempts + 1, release_expires_at = null,
           not_before = null, started_at = null, ended_at = null, reason = null,
           tried_timeout_seconds = timeout_seconds,
           tried_max_silent_seconds = max_silent_seconds
      from worker
     where b.id = $3 and b.generation = $4 and b.status = 'scheduled'
       and not exists (select from avoided)
    returning b.id, b.evaluation_id, b.attempts),
  attempt as (
    insert into attempts (evaluation_id, build_id, number, worker_id, slot, status, fence)
    select evaluation_id, id, attempts, $1, $2, 'submitted', $5 from taken
    returning id, build_id, evaluation_id),
  lease as (
    insert into leases (build_id, attempt_id, evaluation_id, worker_id, slot, fence, expires_at)
    select build_id, id, evaluation_id, $1, $2, $5, now() + make_interval(secs => $6) from attempt
    returning attempt_id)
  select (select attempt_id from lease) as attempt_id, exists (select from worker) as taking,
         exists (select from avoided) as avoided,
         (select jsonb_build_object('class', worker_class, 'generation', generation)
            from passed where elsewhere) as passed`;

const heldBuilds = `
  select l.attempt_id, l.build_id, l.slot, l.fence, s.slug, s.dir, d.path, d.system,
         b.timeout_seconds, b.max_silent_seconds,
         (select json_agg(json_build_object('name', o.name, 'path', o.path) order by o.name)
            from outputs o where o.derivation_id = d.id) as outputs
    from leases l join builds b on b.id = l.build_id join derivations d on d.id = b.id
    join stores s on s.id = d.store_id
   where l.worker_id = $1 and l.slot = any ($2)`;

export class PostgresClaimStore implements ClaimStore {
  constructor(private readonly database: Database) {}

  async claim(request: ClaimRequest): Promise<Result<ClaimedBuild, ClaimRefusal>> {
    const { worker, slot, build, generation, fence, leaseSeconds } = request;
    const values = [worker, slot, build, generation, fence, leaseSeconds];
    const rows = await this.database.query<ClaimRow>(claimBuild, values).catch((error: unknown) => {
      if (isConflictOf(error, 'leases_worker_id_slot_key')) return null;
      throw error;
    });
    if (rows === null) return err({ kind: 'slot-taken' });
    const [row] = rows;
    if (!row || row.attempt_id === null) {
      if (row?.taking === false) return err({ kind: 'worker-not-taking' });
      return err(row?.avoided ? { kind: 'avoided', passed: row.passed } : { kind: 'stale' });
    }
    const held = await this.read(worker, [slot]);
    const claimed = held.find((one) => one.attempt === row.attempt_id);
    invariant(claimed, `attempt ${row.attempt_id} was claimed and is not there`);
    return ok(claimed);
  }

  async held(
    worker: WorkerId,
    slots: readonly number[],
    leaseSeconds: number,
  ): Promise<readonly ClaimedBuild[]> {
    const renewed = await this.database.execute(
      `update leases set expires_at = now() + make_interval(secs => $3)
        where worker_id = $1 and slot = any ($2)`,
      [worker, slots, leaseSeconds],
    );
    return renewed === 0 ? [] : this.read(worker, slots);
  }

  async started(worker: WorkerId, attempt: AttemptId, fence: Fence): Promise<BuildId | null> {
    const [row] = await this.database.query<{ id: number }>(
      `with live as (
         select build_id, evaluation_id, attempt_id from leases
          where attempt_id = $2 and worker_id = $1 and fence = $3),
       tried as (
         update attempts a set status = 'started', started_at = now() from live l
          where a.evaluation_id = l.evaluation_id and a.id = l.attempt_id
            and a.status = 'submitted')
       update builds b set status = 'started', started_at = now() from live l
        where b.id = l.build_id and b.status = 'submitted' returning b.id`,
      [worker, attempt, fence],
    );
    return row ? id<BuildId>(row.id) : null;
  }

  private async read(worker: WorkerId, slots: readonly number[]): Promise<ClaimedBuild[]> {
    const rows = await this.database.query<HeldRow>(heldBuilds, [worker, slots]);
    return rows.map(claimedOf);
  }
}

function claimedOf(row: HeldRow): ClaimedBuild {
  const job = {
    timeoutSeconds: row.timeout_seconds ?? undefined,
    maxSilentSeconds: row.max_silent_seconds ?? undefined,
  };
  return {
    attempt: id<AttemptId>(row.attempt_id),
    fence: row.fence,
    slot: row.slot,
    build: id<BuildId>(row.build_id),
    store: { slug: row.slug, dir: row.dir },
    derivation: row.path,
    system: row.system,
    outputs: row.outputs ?? [],
    limits: resolveLimits(job, {}),
  };
}

function isConflictOf(error: unknown, constraint: string): boolean {
  const { code, constraint: of } = error as { code?: string; constraint?: string };
  return code === '23505' && of === constraint;
}
