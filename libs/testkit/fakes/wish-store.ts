/** The wishes of people in the fake database. */
import { isFailed, isFinal, mayBuild } from '#domain/build/status.js';
import type { FailureKind, RestartVerdict, RestartWish } from '#domain/build/restart.js';
import { canceledStatus } from '#domain/evaluation/status.js';
import type { BuildId, EvaluationId, IntentId } from '#domain/ids.js';
import { err, ok, type Result } from '#std/result.js';
import type {
  BuildCancel,
  BuildRestart,
  WishRefusal,
  WishStore,
} from '#application/ports/wish-store.js';
import type { BuildRow, EvaluationRow } from '../farm-subject.js';
import { cancelScheduled, scheduleAgain } from './build-lives.js';
import type { FakeFarmDatabase } from './farm-database.js';
import { ask } from './intent-store.js';
import { evaluationsNeeding, isLiveRow, walk } from './need-walk.js';

type Answer<T> = Promise<Result<T, WishRefusal>>;

const namedAtMost = 10;
const unknown = err({ kind: 'unknown' } as const);

export class FakeWishStore implements WishStore {
  constructor(private readonly database: FakeFarmDatabase) {}

  restartBuild(
    build: BuildId,
    withDependents: boolean,
    judge: (wish: RestartWish) => RestartVerdict,
  ): Answer<BuildRestart> {
    return this.database.transaction(() => {
      const row = this.database.builds.find(build);
      if (!row) return unknown;
      const failedInputs = this.failedInputs(row);
      const { status } = row;
      const verdict = judge({ status, failedInputs, withDependents });
      if (verdict.kind === 'refused') {
        if (verdict.why === 'status') return err({ kind: 'build-status', status } as const);
        const inputs = failedInputs.slice(0, namedAtMost);
        return err({ kind: 'failed-inputs', inputs } as const);
      }
      if (verdict.kind === 'restart') scheduleAgain(this.database, [row]);
      else if (!this.hasFallen(build)) return err({ kind: 'build-status', status } as const);
      const asked = { kind: 'restart', reason: 'restarted', build } as const;
      const intent = withDependents
        ? ask(this.database, { ...asked, mode: 'with-failed-dependents' })
        : null;
      return ok({ status: row.status, intent });
    });
  }

  cancelBuild(build: BuildId, force: boolean): Answer<BuildCancel> {
    return this.database.transaction(() => {
      const row = this.database.builds.find(build);
      if (!row) return unknown;
      const { status } = row;
      if (!mayBuild('cancel', status)) return err({ kind: 'build-status', status } as const);
      const needing = force ? [] : evaluationsNeeding(this.database, row).slice(0, namedAtMost);
      if (needing.length > 1) return err({ kind: 'needed', evaluations: needing } as const);
      if (status === 'scheduled') {
        cancelScheduled(this.database, row);
        return ok({ status: 'canceled', worker: null } as const);
      }
      const lease = this.database.leases.find(build)!;
      const cancelReason = lease.cancelReason ?? 'canceled';
      this.database.leases.patch(lease, { cancelReason });
      return ok({ status, worker: lease.worker });
    });
  }

  bumpBuild(build: BuildId): Answer<number> {
    return this.database.transaction(() => {
      const row = this.database.builds.find(build);
      if (!row) return unknown;
      if (row.status !== 'scheduled') return err({ kind: 'build-status', status: row.status });
      const waitedFor = (one: BuildRow): BuildRow[] =>
        this.database.inputsOf(one.id).filter(({ status }) => !isFinal(status));
      const waits = ['scheduled', 'submitted'];
      const chosen = [...walk([row], waitedFor)].filter(
        ({ status, priority }) => waits.includes(status) && priority > 0,
      );
      for (const one of chosen) this.database.builds.patch(one, { priority: 0 });
      return ok(chosen.length);
    });
  }

  restartEvaluation(evaluation: EvaluationId, failures: FailureKind): Answer<IntentId> {
    return this.database.transaction(() => {
      const row = this.database.evaluations.find(evaluation);
      if (!row) return unknown;
      if (!isLiveRow({ ...row, canceledAt: null })) return err(over(row));
      this.database.evaluations.patch(row, { canceledAt: null });
      const asked = { kind: 'restart', reason: 'restarted', evaluation } as const;
      return ok(ask(this.database, { ...asked, mode: failures }));
    });
  }

  cancelEvaluation(evaluation: EvaluationId): Answer<IntentId> {
    return this.database.transaction(() => {
      const row = this.database.evaluations.find(evaluation);
      if (!row) return unknown;
      if (!isLiveRow(row)) return err(over(row));
      const canceledAt = this.database.now;
      const status = canceledStatus(row.status);
      this.database.evaluations.patch(row, { status, canceledAt, fence: null });
      return ok(ask(this.database, { kind: 'cancel', reason: 'canceled', evaluation }));
    });
  }

  private failedInputs(row: BuildRow): BuildId[] {
    const failed = this.database.inputsOf(row.id).filter((input) => isFailed(input.status));
    return failed.map((input) => input.id).sort((a, b) => a - b);
  }

  private hasFallen(build: BuildId): boolean {
    return this.database.dependentsOf(build).some((row) => row.status === 'failed-dependency');
  }
}

function over(row: EvaluationRow): WishRefusal {
  return { kind: 'evaluation-over', status: row.status, canceled: row.canceledAt !== null };
}
