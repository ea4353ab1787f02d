/** Runs one seed to its end: unkind time, then calm, in which everything must come to its end. */
import { isFailed, isFinal } from '#domain/build/status.js';
import { canBuild, workerClassName } from '#domain/worker/worker-class.js';
import type { SpecificationId } from '#domain/ids.js';
import type { BuildRow, FarmSubject, WorkerRow } from '#testkit/farm-subject.js';
import { holds, type Broken } from './broken.js';
import { SimulatedFarm } from './farm.js';
import { everDemandersOf } from './needs.js';
import { scenarioOf } from './scenario.js';
import { FarmView } from './state-promises.js';
import { World } from './world.js';

export interface SeedResult {
  readonly seed: number;
  readonly broken: Broken | null;
  readonly steps: number;
  readonly virtualSeconds: number;
  readonly builds: number;
  readonly attempts: number;
  /** Statuses of the builds at the end, by their derivations. */
  readonly ends: readonly string[];
  readonly trace: readonly string[];
}

export interface SeedOptions {
  readonly seed: number;
  readonly subject: FarmSubject;
  readonly keepTrace?: boolean;
  readonly stepsAtMost?: number;
}

const calmSecondsAtMost = 3600;
const quietSeconds = 40;
/** Two ticks of a coordinator, and some. */
const noticedSeconds = 15;
/** A ready build and an idle slot that fits it meet within so long. */
const idleSecondsAtMost = 20;

export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  const { seed, subject, keepTrace = false, stepsAtMost = 200_000 } = options;
  const scenario = scenarioOf(seed);
  const world = new World(scenario, subject, { seed, keepTrace });
  await world.begin();
  const farm = await SimulatedFarm.open(world);
  while (world.timeline.now < scenario.faultSeconds && world.timeline.steps < stepsAtMost) {
    if (!(await world.step())) break;
  }
  if (!world.broken && world.timeline.steps < stepsAtMost) await endInCalm(world, farm);
  const { rows, timeline } = world;
  return {
    ...{ seed, broken: world.broken, steps: timeline.steps, virtualSeconds: timeline.now },
    ...{ builds: rows.builds.length, attempts: rows.attempts.length, trace: world.trace },
    ends: rows.builds.map((build) => `${build.id} ${build.status} ${build.attempts}`),
  };
}

async function endInCalm(world: World, farm: SimulatedFarm): Promise<void> {
  world.note(() => 'calm');
  await farm.calm();
  const begun = world.timeline.now;
  const idle = new IdleWatch(world);
  let flushedAt: number | null = null;
  let isNoticed = false;
  let isWished = false;
  while (!farm.isWishedAgain || !isNoticed || !isDone(world)) {
    const calmSeconds = world.timeline.now - begun;
    if (calmSeconds > quietSeconds && !isWished) {
      isWished = true;
      farm.wishAgain();
    }
    if (calmSeconds > quietSeconds && flushedAt === null) {
      flushedAt = calmSeconds;
      farm.flush();
    }
    if (flushedAt !== null && !isNoticed && calmSeconds > flushedAt + noticedSeconds) {
      isNoticed = true;
      const isMarked = await farm.queue.isMarked();
      world.spareNow(() => holds(isMarked, 'a lost queue is noticed', () => 'it is not marked'));
    }
    if (calmSeconds > quietSeconds) world.spareNow(() => idle.look());
    world.spareNow(() =>
      holds(calmSeconds < calmSecondsAtMost, 'every build ends', () => unfinished(world)),
    );
    if (!(await world.step())) break;
  }
  if (!world.broken) world.spareNow(() => checkEnd(world));
}

function isDone({ rows, scenario }: World): boolean {
  const isAll = rows.builds.length === scenario.recipes.length;
  const isRead = rows.evaluations.every(({ status }) => status !== 'started');
  if (!isRead || rows.intents.some(({ finishedAt }) => finishedAt === null)) return false;
  return isAll && rows.leases.length === 0 && rows.builds.every(({ status }) => isFinal(status));
}

function unfinished({ rows }: World): string {
  const waiting = rows.builds.filter(({ status }) => !isFinal(status));
  const open = rows.intents.filter(({ finishedAt }) => finishedAt === null);
  return [
    ...waiting.map(({ id, status }) => `build ${id} is ${status}`),
    ...open.map(({ id }) => `intent ${id} is open`),
    ...rows.evaluations.filter((e) => e.status === 'started').map(({ id }) => `${id} is read`),
  ].join(', ');
}

/** In the end every build is what its recipe says, or the farm has failed it five times. */
function checkEnd({ rows, scenario }: World): void {
  const view = new FarmView(rows);
  const recipes = new Map(scenario.recipes.map((recipe) => [recipe.path, recipe]));
  for (const { id, path } of rows.derivations) {
    const build = view.builds.get(id)!;
    const recipe = recipes.get(path)!;
    const isCut = view.inputsOf(id).some((input) => isFailed(input.status));
    const sentence = (): string => `build ${id} ended ${build.status}`;
    if (isCut) {
      holds(build.status === 'failed-dependency', 'failures reach what needs them', sentence);
    } else if (build.status === 'failed-other') {
      const isQuarantined = build.reason === 'quarantined';
      const isTried = isQuarantined || build.farmFaults === 5;
      holds(isTried, 'the farm gives up after five faults', sentence);
    } else {
      const expected = recipe.nature === 'sound' ? 'succeeded' : 'failed';
      holds(build.status === expected, 'only the package fails a build', sentence);
    }
  }
}

/** No slot idles long beside a ready build that it could take. */
class IdleWatch {
  /** By build: since when it could run and nobody takes it. */
  private since = new Map<number, number>();

  constructor(private readonly world: World) {}

  look(): void {
    const { timeline } = this.world;
    const idle = this.idleBuilds();
    this.since = new Map(idle.map((build) => [build, this.since.get(build) ?? timeline.now]));
    for (const [build, since] of this.since) {
      const seconds = timeline.now - since;
      const sentence = (): string => `build ${build} waits beside an idle slot for ${seconds} s`;
      holds(seconds < idleSecondsAtMost, 'no idle slot beside a ready build', sentence);
    }
  }

  private idleBuilds(): number[] {
    const { rows } = this.world;
    const free = rows.workers.filter(
      (worker) =>
        this.takes(worker) &&
        rows.leases.filter((l) => l.worker === worker.id).length < worker.slots,
    );
    if (free.length === 0) return [];
    const view = new FarmView(rows);
    const takers = rows.workers.filter((worker) => this.takes(worker));
    const there = new Set(takers.map((row) => workerClassName(row)));
    // What the planner knows of who demands it may be older.
    const demanders = everDemandersOf(view);
    const found = rows.builds.filter((build) => {
      // A ticket at a class that has just lost its workers is made again when it expires.
      if (build.releaseExpiresAt !== null && !there.has(build.workerClass ?? '')) return false;
      if (build.status !== 'scheduled' || (build.notBefore ?? 0) > this.world.databaseNow)
        return false;
      if (this.isLimited(demanders.get(build.id))) return false;
      if (!view.inputsOf(build.id).every((input) => input.status === 'succeeded')) return false;
      const demand = rows.derivations.find(({ id }) => id === build.id)!;
      // A slow worker may wait for something short; the fastest never does.
      const fastest = Math.max(
        ...takers.filter((one) => canBuild(one, demand)).map((one) => one.speed),
      );
      return free.some((worker) => {
        const mayHave = worker.speed === fastest && canBuild(worker, demand);
        return mayHave && !this.hasFailed(worker, build);
      });
    });
    return found.map(({ id }) => id);
  }

  private takes({ gateway, draining, pausedAt, pauseUntil, holdsBack }: WorkerRow): boolean {
    const isPaused = pausedAt !== null && (pauseUntil ?? Infinity) > this.world.databaseNow;
    return gateway !== null && !draining && !isPaused && holdsBack === null;
  }

  /** Whoever has failed it lets others try it, even if they are busy. */
  private hasFailed({ id }: WorkerRow, build: BuildRow): boolean {
    return this.world.rows.attempts.some((attempt) => {
      const isTheirs = attempt.build === build.id && attempt.worker === id;
      return isTheirs && attempt.status === 'failed-other';
    });
  }

  /** All that demand it may have only so many builds out. */
  private isLimited(demanders: ReadonlySet<SpecificationId> = new Set()): boolean {
    const { specifications } = this.world.scenario;
    const isFree = [...demanders].some((of) => specifications[of - 1]!.maxRunning === null);
    return demanders.size > 0 && !isFree;
  }
}
