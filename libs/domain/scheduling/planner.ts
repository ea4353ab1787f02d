/**
 * The planner: which ready builds are released to which worker class, which tickets are taken back,
 * and why and how long the others wait. It holds the whole graph in memory and is fed by changes;
 * pure (no clock), so that the same changes always give the same plan.
 */
import type { BuildId } from '../ids.js';
import { isFinal } from '../build/status.js';
import { canBuild } from '../worker/worker-class.js';
import type {
  BuildChange,
  Estimate,
  PlanInput,
  PlannedWait,
  PlannerBuild,
  PlannerPlan,
  PlannerSize,
  SchedulingPolicy,
  Assignment,
} from './planner-model.js';
import { waitReason } from './wait-reason.js';
import { windowOf, type ClassState, type WorkerState } from './worker-state.js';

export * from './planner-model.js';

type Known = { -readonly [K in keyof PlannerBuild]: PlannerBuild[K] };

export class Planner {
  private readonly builds = new Map<BuildId, Known>();
  private workers: readonly WorkerState[] = [];

  constructor(private readonly policy: SchedulingPolicy) {}

  /** New builds, or builds known again, in any order; an unknown input counts as unfinished. */
  add(builds: readonly PlannerBuild[]): void {
    for (const build of builds) this.builds.set(build.build, { ...build });
  }

  /** What has become of builds; builds that are not known are passed over. */
  change(changes: readonly BuildChange[]): void {
    for (const change of changes) {
      const known = this.builds.get(change.build);
      if (known) Object.assign(known, change);
    }
  }

  /** Forgets builds that are final and that nobody waits for. */
  remove(builds: readonly BuildId[]): void {
    for (const build of builds) this.builds.delete(build);
  }

  plan({ now, classes, workers }: PlanInput): PlannerPlan {
    this.workers = workers;
    const assignments: Assignment[] = [];
    const room = new Map(
      classes.map((one) => [one.name, windowOf(one.slots) - this.out(one, now)]),
    );
    const ready = [...this.builds.values()]
      .filter((build) => this.isReady(build, now))
      .sort((a, b) => a.priority - b.priority || a.build - b.build);
    for (const build of ready) {
      const chosen = classes
        .filter((one) => room.get(one.name)! > 0 && canBuild(one.workerClass, build))
        .sort((a, b) => room.get(b.name)! - room.get(a.name)!)[0];
      if (!chosen) continue;
      room.set(chosen.name, room.get(chosen.name)! - 1);
      build.releasedTo = chosen.name;
      build.releaseExpiresAt = now + this.policy.releaseMs;
      assignments.push({ build: build.build, workerClass: chosen.name, rank: build.priority + 1 });
    }
    return { assignments, withdrawals: [] };
  }

  /** Null when the build is not known or does not wait. */
  waitOf(build: BuildId, now: number): PlannedWait | null {
    const known = this.builds.get(build);
    if (!known || known.status !== 'scheduled') return null;
    const reason = waitReason({
      demand: known,
      inputs: this.unfinished(known).map((input) => ({
        build: input,
        status: this.builds.get(input)?.status ?? 'scheduled',
      })),
      notBefore: known.notBefore,
      releaseExpiresAt: known.releaseExpiresAt ?? null,
      workerClass: known.releasedTo ?? null,
      workers: this.workers,
      now,
    });
    return { reason, position: null, limitedBy: null, startsAt: null, endsAt: null };
  }

  /** When the first of these builds that is not final starts and when the last ends. */
  estimateOf(_builds: readonly BuildId[], _now: number): Estimate {
    return { startsAt: null, endsAt: null };
  }

  /** Of every build that is not final, how many of its inputs have not succeeded. */
  *counts(): Iterable<{ readonly build: BuildId; readonly unfinishedInputs: number }> {
    for (const build of this.builds.values()) {
      if (isFinal(build.status)) continue;
      yield { build: build.build, unfinishedInputs: this.unfinished(build).length };
    }
  }

  size(): PlannerSize {
    return { builds: this.builds.size, edges: 0, ready: 0, released: 0, running: 0, bytes: 0 };
  }

  private unfinished(build: Known): BuildId[] {
    return build.inputs.filter((input) => this.builds.get(input)?.status !== 'succeeded');
  }

  private isReady(build: Known, now: number): boolean {
    if (build.status !== 'scheduled' || (build.notBefore ?? 0) > now) return false;
    return !isOut(build, now) && this.unfinished(build).length === 0;
  }

  private out({ name }: ClassState, now: number): number {
    let count = 0;
    for (const build of this.builds.values()) {
      if (build.releasedTo === name && isOut(build, now)) count += 1;
    }
    return count;
  }
}

function isOut(build: Known, now: number): boolean {
  return build.status === 'scheduled' && !!build.releasedTo && (build.releaseExpiresAt ?? 0) > now;
}
