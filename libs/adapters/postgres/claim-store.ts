/**
 * Claims: one statement takes the build, writes its attempt and its lease, or nothing at all. A
 * crash before it leaves a release that expires; a crash after it leaves a lease that the slot is
 * told again when it repeats its claim.
 */
import { err, ok, type Result } from '#std/result.js';
import { invariant } from '#std/invariant.js';
import { id, type AttemptId, type BuildId, type Fence, type WorkerId } from '#domain/ids.js';
import type {
  ClaimedBuild,
  ClaimRefusal,
  ClaimRequest,
  ClaimStore,
} from '#application/ports/claim-store.js';
import { avoidTheWorker } from './avoided-worker.js';
import {
  buildIsTaken,
  claimAll,
  claimedOf,
  outputsOfDerivation,
  type HeldRow,
} from './claim-batch.js';
import type { Database, Prepared, Row } from './database.js';
import { Gathered } from './gathered.js';
import { workerIsPaused } from './worker-store.js';

interface ClaimRow extends Row {
  attempt_id: number | null;
  taking: boolean;
  avoided: boolean;
  passed: { class: string; generation: number } | null;
}

const claimBuild = `
  with worker as (
    select id from workers
     where id = $1 and removed_at is null and not ${workerIsPaused} and not draining),
  ${avoidTheWorker},
  taken as (
    update builds b
       set ${buildIsTaken}
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
  select l.worker_id, l.attempt_id, l.build_id, l.slot, l.fence, s.slug, s.dir, d.path, d.system,
         b.timeout_seconds, b.max_silent_seconds,
         ${outputsOfDerivation}
    from unnest($1::bigint[], $2::int[]) a (worker, slot)
    join leases l on l.worker_id = a.worker and l.slot = a.slot
    join builds b on b.id = l.build_id join derivations d on d.id = b.id
    join stores s on s.id = d.store_id
   where l.worker_id = any ($1)`;

const renewSlots: Prepared = {
  name: 'claims-renewed',
  text: `
  update leases l set expires_at = now() + make_interval(secs => $3)
    from unnest($1::bigint[], $2::int[]) a (worker, slot)
   where l.worker_id = any ($1) and l.worker_id = a.worker and l.slot = a.slot
  returning l.attempt_id`,
};

/** In one statement. */
const claimsAtOnce = 128;

export class PostgresClaimStore implements ClaimStore {
  private readonly ordinary: Gathered<ClaimRequest, ClaimedBuild | null>;
  private readonly holding: Gathered<SlotsOf, readonly ClaimedBuild[]>;

  constructor(private readonly database: Database) {
    this.ordinary = new Gathered((requests) => claimAll(database, requests), claimsAtOnce);
    this.holding = new Gathered((asked) => renewHeld(database, asked), claimsAtOnce);
  }

  async claim(request: ClaimRequest): Promise<Result<ClaimedBuild, ClaimRefusal>> {
    const claimed = await this.ordinary.ask(request).catch((error: unknown) => {
      if (isConflict(error)) return null;
      throw error;
    });
    return claimed ? ok(claimed) : this.claimAlone(request);
  }

  private async claimAlone(request: ClaimRequest): Promise<Result<ClaimedBuild, ClaimRefusal>> {
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

  held(
    worker: WorkerId,
    slots: readonly number[],
    leaseSeconds: number,
  ): Promise<readonly ClaimedBuild[]> {
    return this.holding.ask({ worker, slots, leaseSeconds });
  }

  async started(worker: WorkerId, attempt: AttemptId, fence: Fence): Promise<BuildId | null> {
    const values = [worker, attempt, fence];
    const [row] = await this.database.query<{ id: number }>(writeStarted, values);
    return row ? id<BuildId>(row.id) : null;
  }

  private async read(worker: WorkerId, slots: readonly number[]): Promise<ClaimedBuild[]> {
    const pairs = slots.map((slot) => ({ worker, slot }));
    return (await readHeld(this.database, pairs)).map(claimedOf);
  }
}

const writeStarted: Prepared = {
  name: 'write-started',
  text: `
    with live as (
      select build_id, evaluation_id, attempt_id from leases
       where attempt_id = $2 and worker_id = $1 and fence = $3),
    tried as (
      update attempts a set status = 'started', started_at = now() from live l
       where a.evaluation_id = l.evaluation_id and a.id = l.attempt_id
         and a.status = 'submitted')
    update builds b set status = 'started', started_at = now() from live l
      where b.id = l.build_id and b.status = 'submitted' returning b.id`,
};

interface SlotsOf {
  readonly worker: WorkerId;
  readonly slots: readonly number[];
  readonly leaseSeconds: number;
}

/** Most slots that are asked for have no lease, and then nothing is read or written. */
async function renewHeld(
  database: Database,
  asked: readonly SlotsOf[],
): Promise<readonly (readonly ClaimedBuild[])[]> {
  const pairs = asked.flatMap(({ worker, slots }) => slots.map((slot) => ({ worker, slot })));
  const seconds = Math.max(...asked.map((one) => one.leaseSeconds));
  const renewed = await database.byKeys(renewSlots, [
    pairs.map((one) => one.worker),
    pairs.map((one) => one.slot),
    seconds,
  ]);
  const rows = renewed.length === 0 ? [] : await readHeld(database, pairs);
  return asked.map(({ worker, slots }) =>
    rows
      .filter((row) => row.worker_id === worker && slots.includes(row.slot))
      .map((row) => claimedOf(row)),
  );
}

function readHeld(
  database: Database,
  pairs: readonly { readonly worker: WorkerId; readonly slot: number }[],
): Promise<(HeldRow & { worker_id: number })[]> {
  const values = [pairs.map((one) => one.worker), pairs.map((one) => one.slot)];
  return database.query(heldBuilds, values);
}

function isConflict(error: unknown): boolean {
  return (error as { code?: string }).code === '23505';
}

function isConflictOf(error: unknown, constraint: string): boolean {
  const { code, constraint: of } = error as { code?: string; constraint?: string };
  return code === '23505' && of === constraint;
}
