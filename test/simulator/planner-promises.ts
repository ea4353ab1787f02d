/**
 * What a planner may release, judged by what it has read itself: tickets go where somebody takes
 * them, and no specification has more builds out than it may. And who may be judged or learnt from.
 */
import { isTaking, type WorkerState } from '#domain/scheduling/worker-state.js';
import type { Assignment, Withdrawal } from '#domain/scheduling/planner.js';
import { faultsInARow } from '#domain/worker/judge-worker.js';
import { workerClassName } from '#domain/worker/worker-class.js';
import type { BuildId, SpecificationId, WorkerId } from '#domain/ids.js';
import type { Released } from '#application/ports/release-store.js';
import type { BuildRow, FarmRows } from '#testkit/farm-subject.js';
import { holds } from './broken.js';
import type { Call, Change } from './change-promises.js';
import { demandersOf, everDemandersOf } from './needs.js';
import type { FarmView } from './state-promises.js';
import type { Scenario } from './scenario.js';

interface Seen {
  readonly view: FarmView;
  readonly now: number;
  /** What it has asked back since then; should that have been claimed, it knows when it reads. */
  readonly withdrawn: Set<BuildId>;
  /** The farm as it was whenever it asked who demands what. */
  readonly demands: FarmView[];
}

export class PlannerWatch {
  private readonly graphs = new Map<string, Seen>();
  private readonly workers = new Map<string, readonly WorkerState[]>();
  private readonly judged = new Map<string, number>();

  /** The limits are in the order of the specifications' ids. */
  constructor(private readonly limits: readonly (number | null)[]) {}

  static of({ specifications }: Scenario): PlannerWatch {
    return new PlannerWatch(specifications.map((one) => one.maxRunning));
  }

  /** `view` is what the call saw; `now` the database's clock. */
  look(view: FarmView, { by, label, args, value }: Call, now: number): void {
    if (/^graph\.(load|changes|slice)$/.test(label)) {
      this.graphs.set(by, { view, now, withdrawn: new Set(), demands: [view] });
    }
    if (/^(jobs\.jobs|graph\.demanded)$/.test(label)) this.graphs.get(by)?.demands.push(view);
    if (label === 'releases.withdraw') {
      const withdrawn = args[0] as readonly Withdrawal[];
      for (const { build } of withdrawn) this.graphs.get(by)?.withdrawn.add(build);
    }
    if (label === 'releases.workers') this.workers.set(by, value as readonly WorkerState[]);
    if (label === 'records.suspects') this.judged.set(by, now);
    if (label === 'records.drain' && value === true) {
      const [worker, , last] = args as [WorkerId, string, number];
      drainedRightly(view, { worker, last, at: this.judged.get(by)! });
    }
    if (label !== 'releases.release') return;
    this.goesToTakers(by, args[0] as readonly Assignment[]);
    this.keepsLimits(view, by, value as Released);
  }

  /** Builds that waited when the process last read the graph, and have waited ever since. */
  waiting(by: string, { builds }: FarmRows): BuildId[] {
    const seen = this.graphs.get(by)?.view.builds;
    const waits = (row: Readonly<BuildRow>): boolean => {
      const was = seen?.get(row.id);
      if (row.status !== 'scheduled' || was?.status !== 'scheduled') return false;
      // One that was canceled in between and is wished for again has another generation.
      const isSame = was.generation === row.generation || row.releaseExpiresAt !== null;
      return isSame && was.attempts === row.attempts;
    };
    return builds.filter(waits).map((row) => row.id);
  }

  private goesToTakers(by: string, assignments: readonly Assignment[]): void {
    const taking = new Set((this.workers.get(by) ?? []).filter(isTaking).map(workerClassName));
    for (const { build, workerClass } of assignments) {
      const sentence = (): string => `build ${build} was released to ${workerClass}`;
      holds(taking.has(workerClass), 'tickets go where somebody takes them', sentence);
    }
  }

  /** Counted are builds that one specification alone demands, now and ever before. */
  private keepsLimits(view: FarmView, by: string, { tickets }: Released): void {
    const limited = this.limits.flatMap((most, at) =>
      most === null ? [] : [{ most, of: at + 1 }],
    );
    const seen = this.graphs.get(by);
    if (limited.length === 0 || tickets.length === 0 || !seen) return;
    const demands = [...new Set([...seen.demands, view])].map(demandersOf);
    const ever = everDemandersOf(view);
    const isOnly = (build: BuildId, of: SpecificationId): boolean =>
      ever.get(build)?.size === 1 && demands.every((known) => known.get(build)?.has(of));
    const before = seen.view.rows.builds.filter((row) => isOut(row, seen.now)).map((b) => b.id);
    const out = before.filter((build) => !seen.withdrawn.has(build));
    // A ticket that moves to another class makes nothing worse.
    const released = tickets.map(({ build }) => build).filter((build) => !before.includes(build));
    for (const { most, of } of limited) {
      const isTheirs = (build: BuildId): boolean => isOnly(build, of as SpecificationId);
      const added = released.filter(isTheirs);
      const all = new Set([...out.filter(isTheirs), ...added]);
      const sentence = (): string => `specification ${of} has ${[...all]} out, and may ${most}`;
      holds(added.length === 0 || all.size <= most, 'limits of running builds are kept', sentence);
    }
  }
}

function isOut({ status, releaseExpiresAt }: Readonly<BuildRow>, now: number): boolean {
  if (status === 'submitted' || status === 'started') return true;
  return status === 'scheduled' && releaseExpiresAt !== null && releaseExpiresAt > now;
}

function drainedRightly(
  { rows }: FarmView,
  judged: { readonly worker: WorkerId; readonly last: number; readonly at: number },
): void {
  const ended = rows.attempts
    .filter((row) => row.worker === judged.worker && row.id <= judged.last)
    .filter((row) => row.endedAt !== null && row.endedAt <= judged.at)
    .filter((row) => row.status !== 'canceled' && row.reason !== 'handed-back')
    .slice(-faultsInARow);
  const isFault = ended.length === faultsInARow && ended.every((a) => a.status === 'failed-other');
  const sentence = (): string => `worker ${judged.worker} did well and is drained`;
  holds(isFault, 'only a worker that fails everything is drained', sentence);
}

/** Between the shortest and the longest that succeeded, on a worker of speed 1. */
export function learntRightly({ before, after }: Change): void {
  const speeds = new Map(after.rows.workers.map((row) => [row.id, row.speed]));
  const names = new Map(after.rows.derivations.map((d) => [d.id, `${d.packageName} ${d.system}`]));
  const known = new Map(before.rows.durations.map((d) => [`${d.packageName} ${d.system}`, d]));
  for (const { packageName, system, milliseconds } of after.rows.durations) {
    const name = `${packageName} ${system}`;
    if (known.get(name)?.milliseconds === milliseconds) continue;
    const lasted = after.rows.attempts
      .filter((a) => a.status === 'succeeded' && a.startedAt !== null && a.endedAt !== null)
      .filter((a) => names.get(a.build) === name)
      .map((a) => (a.endedAt! - a.startedAt!) * speeds.get(a.worker)!);
    const isBetween =
      Math.min(...lasted) - 1 <= milliseconds && milliseconds <= Math.max(...lasted) + 1;
    const sentence = (): string => `${name} is taken to last ${milliseconds}, of ${lasted}`;
    holds(isBetween, 'estimates are what builds have lasted', sentence);
  }
}
