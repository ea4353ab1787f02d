/** The wishes of people in Postgres: each is one transaction that holds the row it speaks of. */
import { err, ok, type Result } from '#std/result.js';
import { canceledStatus, isLive, type EvaluationStatus } from '#domain/evaluation/status.js';
import { mayBuild, type BuildStatus } from '#domain/build/status.js';
import type { FailureKind, RestartVerdict, RestartWish } from '#domain/build/restart.js';
import { id, type BuildId, type EvaluationId, type IntentId, type WorkerId } from '#domain/ids.js';
import type {
  BuildCancel,
  BuildRestart,
  WishRefusal,
  WishStore,
} from '#application/ports/wish-store.js';
import type { Client, Database } from './database.js';
import { evaluationsNeeding } from './need-walk.js';
import { scheduleAgain } from './scheduled-again.js';

type Answer<T> = Promise<Result<T, WishRefusal>>;

/** As many as a refusal names. */
const namedAtMost = 10;
const unknown = err({ kind: 'unknown' } as const);

export class PostgresWishStore implements WishStore {
  constructor(private readonly database: Database) {}

  restartBuild(
    build: BuildId,
    withDependents: boolean,
    judge: (wish: RestartWish) => RestartVerdict,
  ): Answer<BuildRestart> {
    return this.database.transaction(async (client) => {
      const status = await lockBuild(client, build);
      if (status === null) return unknown;
      const failedInputs = await failedInputsOf(client, build);
      const verdict = judge({ status, failedInputs, withDependents });
      if (verdict.kind === 'refused') {
        if (verdict.why === 'status') return err({ kind: 'build-status', status });
        return err({ kind: 'failed-inputs', inputs: failedInputs.slice(0, namedAtMost) });
      }
      if (verdict.kind === 'restart') await client.query(scheduleAgain, [[build]]);
      else if (!(await hasFallen(client, build))) return err({ kind: 'build-status', status });
      const intent = withDependents
        ? await ask(client, { kind: 'restart', mode: 'with-failed-dependents', build })
        : null;
      return ok({ status: verdict.kind === 'restart' ? 'scheduled' : status, intent });
    });
  }

  cancelBuild(build: BuildId, force: boolean): Answer<BuildCancel> {
    return this.database.transaction(async (client) => {
      const status = await lockBuild(client, build);
      if (status === null) return unknown;
      if (!mayBuild('cancel', status)) return err({ kind: 'build-status', status });
      const needing = force ? [] : await evaluationsNeeding(client, build, namedAtMost);
      if (needing.length > 1) {
        return err({ kind: 'needed', evaluations: needing.map((one) => id<EvaluationId>(one)) });
      }
      if (status === 'scheduled') {
        await client.query(cancelScheduled, [build]);
        return ok({ status: 'canceled', worker: null });
      }
      const { rows } = await client.query<{ worker_id: number }>(
        `update leases set cancel_reason = coalesce(cancel_reason, 'canceled')
          where build_id = $1 returning worker_id`,
        [build],
      );
      return ok({ status, worker: rows[0] ? id<WorkerId>(rows[0].worker_id) : null });
    });
  }

  bumpBuild(build: BuildId): Answer<number> {
    return this.database.transaction(async (client) => {
      const status = await lockBuild(client, build);
      if (status === null) return unknown;
      if (status !== 'scheduled') return err({ kind: 'build-status', status });
      const { rowCount } = await client.query(toTheFront, [build]);
      return ok(rowCount ?? 0);
    });
  }

  restartEvaluation(evaluation: EvaluationId, failures: FailureKind): Answer<IntentId> {
    return this.database.transaction(async (client) => {
      const found = await lockEvaluation(client, evaluation);
      if (!found) return unknown;
      // One that was read whole and canceled is wished for again; one that was not must be retried.
      if (!isLive({ ...found, canceled: false })) return err(over(found));
      await client.query(
        'update evaluations set canceled_at = null, cancel_reason = null where id = $1',
        [evaluation],
      );
      return ok(await ask(client, { kind: 'restart', mode: failures, evaluation }));
    });
  }

  cancelEvaluation(evaluation: EvaluationId): Answer<IntentId> {
    return this.database.transaction(async (client) => {
      const found = await lockEvaluation(client, evaluation);
      if (!found) return unknown;
      if (!isLive(found)) return err(over(found));
      await client.query(
        `update evaluations
            set status = $2, canceled_at = now(), cancel_reason = 'canceled',
                reason = case when $2 = 'aborted' then 'canceled' else reason end,
                ended_at = coalesce(ended_at, now()), lease_expires_at = null, lease_fence = null
          where id = $1`,
        [evaluation, canceledStatus(found.status)],
      );
      return ok(await ask(client, { kind: 'cancel', mode: null, evaluation }));
    });
  }
}

const cancelScheduled = `
  update builds
     set status = 'canceled', reason = null, generation = generation + 1, ended_at = now(),
         worker_class = null, release_expires_at = null, not_before = null
   where id = $1 and status = 'scheduled'`;

const toTheFront = `
  with recursive wanted (id) as (
    select $1::bigint
    union
    select p.id from wanted w join derivation_inputs i on i.derivation_id = w.id
      join builds p on p.id = i.input_id and p.status in ('scheduled', 'submitted', 'started')),
  chosen as (
    select b.id from builds b join wanted w on w.id = b.id
     where b.status in ('scheduled', 'submitted') and b.priority > 0
     order by b.id for no key update of b)
  update builds b set priority = 0 from chosen where b.id = chosen.id`;

async function lockBuild(client: Client, build: BuildId): Promise<BuildStatus | null> {
  const { rows } = await client.query<{ status: BuildStatus }>(
    'select status from builds where id = $1 for no key update',
    [build],
  );
  return rows[0]?.status ?? null;
}

async function failedInputsOf(client: Client, build: BuildId): Promise<BuildId[]> {
  const { rows } = await client.query<{ id: number }>(
    `select p.id from derivation_inputs i join builds p on p.id = i.input_id
      where i.derivation_id = $1 and p.status in ('failed', 'failed-dependency', 'failed-other')
      order by p.id`,
    [build],
  );
  return rows.map((row) => id<BuildId>(row.id));
}

async function hasFallen(client: Client, build: BuildId): Promise<boolean> {
  const { rowCount } = await client.query(
    `select from derivation_inputs i join builds b on b.id = i.derivation_id
      where i.input_id = $1 and b.status = 'failed-dependency' limit 1`,
    [build],
  );
  return rowCount === 1;
}

interface FoundEvaluation {
  readonly status: EvaluationStatus;
  readonly canceled: boolean;
}

async function lockEvaluation(
  client: Client,
  evaluation: EvaluationId,
): Promise<FoundEvaluation | null> {
  const { rows } = await client.query<{ status: EvaluationStatus; canceled: boolean }>(
    `select status, canceled_at is not null as canceled from evaluations
      where id = $1 for no key update`,
    [evaluation],
  );
  return rows[0] ?? null;
}

function over(found: FoundEvaluation): WishRefusal {
  return { kind: 'evaluation-over', ...found };
}

interface Asked {
  readonly kind: 'restart' | 'cancel';
  readonly mode: string | null;
  readonly build?: BuildId;
  readonly evaluation?: EvaluationId;
}

async function ask(client: Client, asked: Asked): Promise<IntentId> {
  const { rows } = await client.query<{ id: number }>(
    `insert into intents (kind, mode, build_id, evaluation_id, reason)
     values ($1, $2, $3, $4, $5) returning id`,
    [
      asked.kind,
      asked.mode,
      asked.build ?? null,
      asked.evaluation ?? null,
      asked.kind === 'cancel' ? 'canceled' : 'restarted',
    ],
  );
  return id<IntentId>(rows[0]?.id ?? 0);
}
