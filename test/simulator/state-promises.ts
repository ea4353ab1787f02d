/** What must be true of the farm's rows at any moment. */
import { waitReason } from '#domain/scheduling/wait-reason.js';
import type { BuildId } from '#domain/ids.js';
import type { BuildRow, FarmRows } from '#testkit/farm-subject.js';
import { holds } from './broken.js';

export class FarmView {
  readonly builds: ReadonlyMap<BuildId, Readonly<BuildRow>>;
  private readonly inputs = new Map<BuildId, BuildId[]>();

  constructor(readonly rows: FarmRows) {
    this.builds = new Map(rows.builds.map((row) => [row.id, row]));
    for (const { build, input } of rows.edges) {
      const known = this.inputs.get(build);
      if (known) known.push(input);
      else this.inputs.set(build, [input]);
    }
  }

  inputsOf(build: BuildId): Readonly<BuildRow>[] {
    return (this.inputs.get(build) ?? []).map((input) => this.builds.get(input)!);
  }
}

export function checkState(view: FarmView): void {
  oneLiveAttempt(view.rows);
  for (const build of view.rows.builds) checkBuild(view, build);
  canceledForGood(view.rows);
  outputsTogether(view.rows);
  closedSubstitutes(view.rows);
}

/** Whoever ends an evaluation leaves word of it, in the same transaction. */
function canceledForGood({ evaluations, intents }: FarmRows): void {
  const told = new Set(intents.filter((i) => i.kind === 'cancel').map((i) => i.evaluation));
  for (const { id, status, canceledAt } of evaluations) {
    const isOver = canceledAt !== null || status === 'failed';
    holds(!isOver || told.has(id), 'an evaluation that is over leaves word', () => `${id}`);
  }
}

/** A lease, an open attempt and a running build come and go together. */
function oneLiveAttempt({ builds, attempts, leases }: FarmRows): void {
  const promise = 'one live attempt per build';
  const byBuild = new Map(leases.map((lease) => [lease.build, lease]));
  for (const build of builds) {
    const runs = build.status === 'submitted' || build.status === 'started';
    const isLeased = byBuild.has(build.id);
    holds(runs === isLeased, promise, () => `build ${build.id} is ${build.status}`);
  }
  const counts = new Map<BuildId, number>();
  for (const attempt of attempts) {
    counts.set(attempt.build, (counts.get(attempt.build) ?? 0) + 1);
    const isLive = byBuild.get(attempt.build)?.attempt === attempt.id;
    const isOpen = attempt.endedAt === null;
    holds(isLive === isOpen, promise, () => `attempt ${attempt.id} is ${attempt.status}`);
  }
  for (const build of builds) {
    const counted = counts.get(build.id) ?? 0;
    holds(counted === build.attempts, promise, () => `build ${build.id} counts its attempts wrong`);
  }
}

function checkBuild(view: FarmView, build: Readonly<BuildRow>): void {
  const inputs = view.inputsOf(build.id);
  const runs = build.status === 'submitted' || build.status === 'started';
  const isReady = inputs.every((input) => input.status === 'succeeded');
  holds(!runs || isReady, 'released only when ready', () => `build ${build.id} runs too early`);
  holds(build.farmFaults <= 5, 'farm faults are bounded', () => `build ${build.id} goes on`);
  if (build.status === 'failed-dependency') {
    const names = inputs.some((input) => input.id === build.failedInput);
    holds(names, 'a failed dependency names its input', () => `build ${build.id}`);
  }
  if (build.status === 'scheduled') hasTrueReason(view, build);
}

/** Nothing waits without a reason, and the reason is true. */
function hasTrueReason(view: FarmView, build: Readonly<BuildRow>): void {
  const promise = 'nothing waits without a true reason';
  const inputs = view.inputsOf(build.id).filter((input) => input.status !== 'succeeded');
  const reason = waitReason({
    demand: { system: '', requiredFeatures: [] },
    inputs: inputs.map((input) => ({ build: input.id, status: input.status })),
    notBefore: build.notBefore,
    releaseExpiresAt: build.releaseExpiresAt,
    workerClass: build.workerClass,
    workers: [],
    now: view.rows.now,
  });
  const waitsForInputs = 'inputs' in reason;
  holds(waitsForInputs === inputs.length > 0, promise, () => `build ${build.id}: ${reason.kind}`);
}

function outputsTogether({ builds, outputs, paths }: FarmRows): void {
  const offered = new Set(paths.map((row) => row.path));
  const succeeded = new Set(builds.filter((b) => b.status === 'succeeded').map((b) => b.id));
  for (const { build, name, path } of outputs) {
    if (!succeeded.has(build)) continue;
    const isThere = path !== null && offered.has(path);
    holds(isThere, 'all outputs or none', () => `build ${build} succeeded without ${name}`);
  }
}

/** A worker's bytes say whose they are: no path bears those of another attempt. */
function bytesOfOneAttempt({ path, narHash, attempt }: FarmRows['paths'][number]): boolean {
  return narHash === `sha256:${path}` || narHash === `sha256:${attempt}-${path}`;
}

function closedSubstitutes({ paths }: FarmRows): void {
  const promise = 'no substitute without its references';
  const offered = new Set(paths.map((row) => row.path));
  for (const row of paths) {
    const { path, references, nars } = row;
    holds(bytesOfOneAttempt(row), 'bytes of two attempts never mix', () => path);
    const missing = references.find((reference) => !offered.has(reference));
    holds(missing === undefined, promise, () => `${path} refers to ${missing}`);
    holds(nars > 0, 'no substitute without its bytes', () => path);
  }
}
