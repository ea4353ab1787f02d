/**
 * What a call to the database may change: every row that differs afterwards must have a reason in
 * the call itself. This is how a lease taken from its owner, a report from a stranger or a ticket
 * of another life is noticed at the very step in which it happens.
 */
import { buildStatuses, isFinal, type BuildStatus } from '#domain/build/status.js';
import { canBuild } from '#domain/worker/worker-class.js';
import type { AttemptId } from '#domain/ids.js';
import type { ClaimRequest } from '#application/ports/claim-store.js';
import type { EvaluationLease } from '#application/ports/evaluation-leases.js';
import type { AttemptClaim, Renewal } from '#application/ports/lease-store.js';
import type { Released } from '#application/ports/release-store.js';
import type { AttemptReport, Settled } from '#application/ports/report-store.js';
import type { AttemptRow, BuildRow, LeaseRow } from '#testkit/farm-subject.js';
import { holds } from './broken.js';
import { checkIntents } from './intent-promises.js';
import { learntRightly } from './planner-promises.js';
import type { FarmView } from './state-promises.js';

/** One call to a store, as it was carried out. */
export interface Call {
  /** The process that made it. */
  readonly by: string;
  /** `store.method` */
  readonly label: string;
  readonly args: readonly unknown[];
  readonly value: unknown;
}

export interface Change {
  readonly before: FarmView;
  readonly after: FarmView;
  readonly call: Call;
}

export function checkChange(change: Change): void {
  buildsMove(change);
  attemptsStay(change);
  leasesBelong(change);
  pathsStay(change);
  checkIntents(change);
  if (change.call.label === 'durations.learn') learntRightly(change);
  if (change.call.label === 'releases.release') releasedWhenReady(change);
  if (change.call.label === 'leases.renew') renewedByOwner(change);
  if (change.call.label === 'reports.settle') settledByOwner(change);
  if (change.call.label === 'ingest.ingest') ingestedByOwner(change);
}

function ingestedByOwner({ before, call }: Change): void {
  const { evaluation, fence } = call.args[0] as EvaluationLease;
  const row = before.rows.evaluations.find(({ id }) => id === evaluation);
  const isTheirs = call.value === null || row?.fence === fence;
  holds(isTheirs, 'only the fence ingests', () => `evaluation ${evaluation} was taken over`);
}

const reopeners = /^(ingest\.|intents\.reschedule|wishes\.restartBuild)/;
const generationMovers = /^(releases\.|ingest\.|intents\.|wishes\.|claims\.claim)/;

function buildsMove({ before, after, call }: Change): void {
  for (const build of after.rows.builds) {
    const was = before.builds.get(build.id);
    if (!was) continue;
    if (was.status !== build.status) {
      const next: object = buildStatuses[was.status].next;
      const allowed = Array.isArray(next) ? next : Object.keys(next);
      const step = (): string => `build ${build.id}: ${was.status} to ${build.status}`;
      holds(allowed.includes(build.status), 'statuses follow their table', step);
      const mayReopen = !isFinal(was.status) || reopeners.test(call.label);
      holds(mayReopen, 'what is final stays', step);
      if (build.status === 'failed-dependency') hasFailedInput(before, build);
    }
    const moved = build.generation - was.generation;
    const mayMove = moved === 0 || (moved === 1 && generationMovers.test(call.label));
    holds(mayMove, 'generations move by releases', () => `build ${build.id} by ${call.label}`);
  }
}

const failed: readonly BuildStatus[] = ['failed', 'failed-other', 'failed-dependency'];

/** The input may fail in the same call, as one of a chain. */
function hasFailedInput(before: FarmView, build: Readonly<BuildRow>): void {
  const input = before.builds.get(build.failedInput!);
  const mayFail = input !== undefined && (failed.includes(input.status) || !isFinal(input.status));
  holds(mayFail, 'a failed dependency has a failed input', () => `build ${build.id}`);
}

function attemptsStay({ before, after, call }: Change): void {
  const now = new Map(after.rows.attempts.map((row) => [row.id, row]));
  for (const was of before.rows.attempts) {
    const row = now.get(was.id);
    holds(row, 'attempts are history', () => `attempt ${was.id} is gone`);
    const stays = was.endedAt === null || sameEnd(was, row!);
    holds(stays, 'an attempt ends once', () => `attempt ${was.id} by ${call.label}`);
    holds(was.fence === row!.fence, 'a fence never changes', () => `attempt ${was.id}`);
  }
}

function sameEnd(a: Readonly<AttemptRow>, b: Readonly<AttemptRow>): boolean {
  return a.status === b.status && a.reason === b.reason && a.endedAt === b.endedAt;
}

function leasesBelong(change: Change): void {
  const { before, after, call } = change;
  const now = new Map(after.rows.leases.map((row) => [row.attempt, row]));
  for (const was of before.rows.leases) {
    const row = now.get(was.attempt);
    if (!row) {
      const mine = reportsOf(call).some((report) => isOf(report, was));
      const sentence = (): string => `attempt ${was.attempt} lost its lease by ${call.label}`;
      holds(mine, 'only the fence ends an attempt', sentence);
    } else if (row.expiresAt !== was.expiresAt) {
      const sentence = (): string => `attempt ${was.attempt} was renewed by ${call.label}`;
      holds(mayRenew(call, was), 'only the fence renews a lease', sentence);
    }
  }
  const known = new Set(before.rows.leases.map((row) => row.attempt));
  for (const row of after.rows.leases) if (!known.has(row.attempt)) claimedRightly(change, row);
}

function reportsOf(call: Call): readonly AttemptReport[] {
  return call.label === 'reports.settle' ? (call.args[0] as readonly AttemptReport[]) : [];
}

function isOf(claim: AttemptClaim & { readonly worker: number }, lease: LeaseRow): boolean {
  const isSame = claim.attempt === lease.attempt && claim.fence === lease.fence;
  return isSame && claim.worker === lease.worker;
}

function mayRenew({ label, args }: Call, lease: Readonly<LeaseRow>): boolean {
  if (args[0] !== lease.worker) return false;
  if (label === 'claims.held') return (args[1] as readonly number[]).includes(lease.slot);
  if (label !== 'leases.renew') return false;
  const claims = args[1] as readonly AttemptClaim[];
  return claims.some((claim) => claim.attempt === lease.attempt && claim.fence === lease.fence);
}

function claimedRightly({ before, after, call }: Change, lease: Readonly<LeaseRow>): void {
  const promise = 'a claim needs a ticket of this life';
  const sentence = (): string => `build ${lease.build} was claimed by ${call.label}`;
  holds(call.label === 'claims.claim', promise, sentence);
  const request = call.args[0] as ClaimRequest;
  const build = before.builds.get(lease.build)!;
  const fits = request.build === build.id && request.generation === build.generation;
  holds(fits && build.status === 'scheduled', promise, sentence);
  const worker = before.rows.workers.find((row) => row.id === request.worker)!;
  const isPaused = worker.pausedAt !== null && (worker.pauseUntil ?? Infinity) > after.rows.now;
  holds(!isPaused, 'a paused worker takes nothing', sentence);
  holds(!worker.draining, 'a worker that drains takes nothing', sentence);
  const demand = after.rows.derivations.find((row) => row.id === lease.build)!;
  holds(canBuild(worker, demand), 'a worker builds what it can', sentence);
}

function pathsStay({ before, after }: Change): void {
  const now = new Map(after.rows.paths.map((row) => [row.path, row.narHash]));
  for (const { path, narHash } of before.rows.paths) {
    holds(now.get(path) === narHash, 'what is offered stays as it is', () => path);
  }
}

function releasedWhenReady({ before, call }: Change): void {
  const promise = 'released only when ready';
  for (const { build } of (call.value as Released).tickets) {
    const inputs = before.inputsOf(build);
    const isReady = inputs.every((input) => input.status === 'succeeded');
    holds(isReady, promise, () => `build ${build} was released before its inputs succeeded`);
  }
}

/** Attempts that the store calls renewed are the worker's, with the fence that it showed. */
function renewedByOwner({ before, call }: Change): void {
  const [worker, claims] = call.args as [number, readonly AttemptClaim[]];
  const { renewed } = call.value as Renewal;
  for (const attempt of renewed) {
    const lease = before.rows.leases.find((row) => row.attempt === attempt);
    const isTheirs = claims.some((claim) => lease && isOf({ ...claim, worker }, lease));
    holds(isTheirs, 'only the fence renews a lease', () => `attempt ${attempt}`);
  }
}

function settledByOwner({ before, after, call }: Change): void {
  const answers = call.value as readonly Settled[];
  const lives = new Map(before.rows.leases.map((row) => [row.attempt, row]));
  const ends = new Map<AttemptId, Readonly<AttemptRow>>(
    after.rows.attempts.map((row) => [row.id, row]),
  );
  reportsOf(call).forEach((report, at) => {
    const end = ends.get(report.attempt);
    const lease = lives.get(report.attempt);
    const isLost = end?.reason === 'worker-lost' && lease !== undefined && end.endedAt !== null;
    // A worker that comes back without what it ran has told its gateway so.
    const isTold = call.by.startsWith('api') && end?.message === 'The worker came back without it.';
    const isExpired = lease !== undefined && lease.expiresAt < after.rows.now;
    holds(
      !isLost || isTold || isExpired,
      'only a lapsed lease is reaped',
      () => `attempt ${report.attempt}`,
    );
    if (!answers[at]?.accepted) return;
    if (!isTold) acceptedRightly(report, end);
    if (lease && end?.status === 'succeeded') offeredAsReported(after, report);
  });
}

/** What a success reports is what is offered of it, byte for byte. */
function offeredAsReported(after: FarmView, { attempt, outputs }: AttemptReport): void {
  for (const output of outputs) {
    const row = after.rows.paths.find(({ path }) => path === output.path);
    const isTheirs = row?.attempt === attempt;
    const isSame = row !== undefined && (!isTheirs || row.narHash === output.narHash);
    holds(isSame, 'what is offered is what was reported', () => output.path);
  }
}

/** Whoever hears "accepted" forgets the attempt: it must have ended by this very report. */
function acceptedRightly(report: AttemptReport, end: Readonly<AttemptRow> | undefined): void {
  const isTheirs = end?.worker === report.worker && end.fence === report.fence;
  const promise = 'accepted means committed';
  holds(isTheirs && end.endedAt !== null, promise, () => `attempt ${report.attempt} goes on`);
  const isReaping = report.onlyIfExpired === true;
  const sentence = (): string => `attempt ${report.attempt} was lost and its report accepted`;
  holds(isReaping || end?.reason !== 'worker-lost', promise, sentence);
}
