/** Carries the wishes of people to the store, and says in HTTP why one is refused. */
import { Inject, Injectable } from '@nestjs/common';
import type { Result } from '#std/result.js';
import { Database } from '#adapters/postgres/database.js';
import { IntentQueries } from '#adapters/postgres/intent-queries.js';
import { PostgresWishStore } from '#adapters/postgres/wish-store.js';
import { cancelBuild, cancelEvaluation } from '#application/cancel-builds.js';
import {
  bumpBuild,
  restartBuild,
  restartEvaluation,
  type WishParts,
} from '#application/restart-builds.js';
import type { Bus } from '#application/ports/bus.js';
import type { WishRefusal } from '#application/ports/wish-store.js';
import type { FailureKind } from '#domain/build/restart.js';
import { statusesFor, type BuildAction } from '#domain/build/status.js';
import type { BuildId, EvaluationId, IntentId } from '#domain/ids.js';
import { invariant } from '#std/invariant.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type { BuildWishAnswer, IntentAnswer } from '#protocol/api/wish.js';
import { BUS } from '../farm/tokens.js';

@Injectable()
export class Wishes {
  private readonly parts: WishParts;
  private readonly intents: IntentQueries;

  constructor(database: Database, @Inject(BUS) bus: Bus) {
    this.parts = { store: new PostgresWishStore(database), bus };
    this.intents = new IntentQueries(database);
  }

  async restartBuild(build: BuildId, withDependents: boolean): Promise<BuildWishAnswer> {
    const answer = await restartBuild(this.parts, build, withDependents);
    const { status, intent } = granted(answer, `build ${build}`, 'restart');
    const told = intent === null ? null : await this.intent(intent);
    return { build: String(build), status, intent: told };
  }

  async cancelBuild(build: BuildId, force: boolean): Promise<BuildWishAnswer> {
    const answer = await cancelBuild(this.parts, build, force);
    const { status } = granted(answer, `build ${build}`, 'cancel');
    return { build: String(build), status, intent: null };
  }

  /** It goes before all others, with the inputs that it waits for. */
  async bumpBuild(build: BuildId): Promise<BuildWishAnswer> {
    granted(await bumpBuild(this.parts, build), `build ${build}`, 'bump');
    return { build: String(build), status: 'scheduled', intent: null };
  }

  async restartEvaluation(evaluation: EvaluationId, failures: FailureKind): Promise<IntentAnswer> {
    const answer = await restartEvaluation(this.parts, evaluation, failures);
    return this.intent(granted(answer, `evaluation ${evaluation}`, 'restart'));
  }

  async cancelEvaluation(evaluation: EvaluationId): Promise<IntentAnswer> {
    const answer = await cancelEvaluation(this.parts, evaluation);
    return this.intent(granted(answer, `evaluation ${evaluation}`, 'cancel'));
  }

  find(intent: IntentId): Promise<IntentAnswer | null> {
    return this.intents.find(intent);
  }

  private async intent(intent: IntentId): Promise<IntentAnswer> {
    const found = await this.find(intent);
    invariant(found, `intent ${intent} was written and is not there`);
    return found;
  }
}

type Wish = BuildAction | 'bump';

function granted<T>(answer: Result<T, WishRefusal>, what: string, action: Wish): T {
  if (answer.ok) return answer.value;
  if (answer.error.kind === 'unknown') throw notFound(what);
  const kind = `${action}-refused`;
  const detail = `${capital(what)} cannot be ${actions[action]}: ${whyNot(answer.error, action)}`;
  throw new ProblemException({ status: 409, kind, detail });
}

const actions: Record<Wish, string> = {
  restart: 'restarted',
  cancel: 'canceled',
  bump: 'brought to the front',
};

function whyNot(refusal: Exclude<WishRefusal, { kind: 'unknown' }>, action: Wish): string {
  switch (refusal.kind) {
    case 'build-status':
      return `it is ${refusal.status}; only ${actedOn(action).join(', ')} builds can.`;
    case 'failed-inputs':
      return `it needs the failed builds ${refusal.inputs.join(', ')}; restart those.`;
    case 'needed':
      return (
        `the evaluations ${refusal.evaluations.join(', ')} need it. ` +
        'Cancel those, or say {"force": true}.'
      );
    case 'evaluation-over':
      return refusal.canceled
        ? 'it was canceled before.'
        : `it is ${refusal.status}, and nothing is built for it; retry it instead.`;
  }
}

function actedOn(action: Wish): string[] {
  return action === 'bump' ? ['scheduled'] : statusesFor(action);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
