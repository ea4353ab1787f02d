/**
 * Restarts and cancels of many builds: nothing that anybody needs is canceled, nothing that fell is
 * forgotten, nothing that fails again is tried again, and no intent is finished before its time.
 */
import { buildsToRestart, restartModes } from '#domain/build/restart.js';
import type { FallenBuild } from '#domain/build/rising.js';
import type { BuildStatus } from '#domain/build/status.js';
import type { BuildId } from '#domain/ids.js';
import type { IngestBatch } from '#application/ports/ingest-store.js';
import type {
  Canceled,
  CancelIntent,
  Intent,
  RestartIntent,
} from '#application/ports/intent-store.js';
import { holds } from './broken.js';
import type { Call, Change } from './change-promises.js';
import { neededBuilds, risersOf, unfinishedOf } from './needs.js';
import type { FarmView } from './state-promises.js';

export class IntentWatch {
  /** Process and intent of looks that found nothing left to do. */
  private readonly done = new Set<string>();
  /** Of the last cancel that called itself done. */
  private left: readonly BuildId[] = [];

  /** `view` is what the call saw. */
  look(view: FarmView, call: Call): void {
    if (!call.label.startsWith('intents.') || call.label === 'intents.next') return;
    const intent = call.args[0] as Intent;
    const name = `${call.by} ${intent.id}`;
    const sentence = (): string => `intent ${intent.id} by ${call.label}`;
    if (call.label === 'intents.fallen') {
      const chosen = buildsToRestart(
        call.value as readonly FallenBuild[],
        (intent as RestartIntent).mode,
      );
      const risers = [...risersOf(view, intent as RestartIntent)];
      const isAll = sameSet(chosen, risers);
      holds(isAll, 'a restart forgets nothing', () => `${sentence()}: ${chosen} and ${risers}`);
      this.note(name, chosen.length === 0);
    }
    if (call.label === 'intents.cancel') {
      // One that was told to stop may have moved nothing yet, and there is something left.
      const isDone = (call.value as Canceled).builds === 0;
      this.left = isDone ? leftOf(view, intent as CancelIntent) : [];
      this.note(name, isDone && this.left.length === 0);
    }
    if (call.label === 'intents.finish') {
      const left = (): string => `${sentence()} left ${this.left}`;
      holds(this.done.has(name), 'an intent is finished when nothing is left', left);
    }
  }

  private note(name: string, isDone: boolean): void {
    if (isDone) this.done.add(name);
    else this.done.delete(name);
  }
}

export function checkIntents(change: Change): void {
  intentsStay(change);
  canceledRightly(change);
  if (change.call.label === 'ingest.ingest') goesOn(change);
  if (change.call.label === 'intents.reschedule') restartedRightly(change);
}

function intentsStay({ before, after, call }: Change): void {
  const now = new Map(after.rows.intents.map((row) => [row.id, row]));
  for (const was of before.rows.intents) {
    const row = now.get(was.id);
    const isSame = row?.finishedAt === was.finishedAt;
    const mayFinish = was.finishedAt === null && call.label === 'intents.finish';
    const stays = row !== undefined && (isSame || mayFinish);
    holds(stays, 'an intent stays until it is finished', () => `intent ${was.id} by ${call.label}`);
  }
}

/** By an intent only what nobody needs; otherwise by its own report, or by a person's wish. */
function canceledRightly({ before, after, call }: Change): void {
  const canceled = after.rows.builds
    .filter((build) => build.status === 'canceled')
    .filter((build) => before.builds.get(build.id)?.status !== 'canceled')
    .map((build) => build.id);
  const marked = new Map(before.rows.leases.map((lease) => [lease.build, lease.cancelReason]));
  const ending = after.rows.leases
    .filter((lease) => lease.cancelReason !== null && marked.get(lease.build) === null)
    .map((lease) => lease.build);
  if (canceled.length === 0 && ending.length === 0) return;
  if (call.label === 'intents.cancel') {
    const needed = neededBuilds(before);
    const wrong = [...canceled, ...ending].find((build) => needed.has(build));
    const sentence = (): string => `build ${wrong} is needed, and was canceled`;
    holds(wrong === undefined, 'a cancel leaves alone what others need', sentence);
    return;
  }
  const mayMark = ending.length === 0 || call.label === 'wishes.cancelBuild';
  const isWished = call.label === 'wishes.cancelBuild' || call.label === 'reports.settle';
  const sentence = (): string => `${canceled} ${ending} by ${call.label}`;
  holds(mayMark && (canceled.length === 0 || isWished), 'only a wish cancels', sentence);
  if (call.label !== 'reports.settle') return;
  for (const build of canceled) {
    const isMarked = (marked.get(build) ?? null) !== null;
    holds(isMarked, 'only a wish cancels', () => `build ${build} ended canceled unasked`);
  }
}

/** Nothing that a batch lists is about to end by a cancel once the batch is in. */
function goesOn({ after, call }: Change): void {
  if (call.value === null) return;
  const { derivations } = call.args[1] as IngestBatch;
  const listed = new Set(derivations.map((derivation) => derivation.path));
  const ids = new Set(after.rows.derivations.filter((d) => listed.has(d.path)).map((d) => d.id));
  const ending = after.rows.leases.find((l) => l.cancelReason !== null && ids.has(l.build));
  const sentence = (): string => `build ${ending?.build} is needed again, and shall end`;
  holds(ending === undefined, 'what is needed again goes on', sentence);
}

function restartedRightly({ before, after, call }: Change): void {
  const [intent, wished] = call.args as [RestartIntent, readonly number[]];
  const origins: readonly BuildStatus[] = restartModes[intent.mode];
  const { requestedAt } = before.rows.intents.find((row) => row.id === intent.id)!;
  for (const build of after.rows.builds) {
    const was = before.builds.get(build.id);
    if (was?.status === build.status || build.status !== 'scheduled' || !was) continue;
    const isWished = wished.includes(build.id) || was.status === 'canceled';
    holds(isWished, 'a restart moves what it means', () => `build ${build.id}`);
    const isOrigin = origins.includes(was.status);
    const isAgain = isOrigin && wished.includes(build.id) && was.endedAt! > requestedAt;
    holds(!isAgain, 'a restart asks once', () => `build ${build.id} has failed again`);
  }
}

/** Builds that the canceled evaluation alone needs, and that nobody has told to end. */
function leftOf(view: FarmView, { evaluation }: CancelIntent): BuildId[] {
  const needed = neededBuilds(view);
  const ending = new Set(
    view.rows.leases.filter((lease) => lease.cancelReason !== null).map((lease) => lease.build),
  );
  return unfinishedOf(view, evaluation)
    .map((build) => build.id)
    .filter((build) => !needed.has(build) && !ending.has(build));
}

function sameSet(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && new Set([...one, ...other]).size === one.length;
}
