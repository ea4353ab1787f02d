/**
 * The ready set and the critical path of 100,000 builds as the planner's memory finds them, against
 * the least that typed arrays can do: the same graph as two plain arrays of offsets and inputs.
 */
import type { BuildId } from '#domain/ids.js';
import { defaultPolicy, Planner, type PlannerBuild } from '#domain/scheduling/planner.js';
import { PlannerState } from '#domain/scheduling/planner-state.js';
import { buildGraph, type BuildGraph } from './build-graphs.js';
import { secondsOf, type Contest } from './contest.js';
import { SeededChance } from './seeded-chance.js';

const builds = 100_000;

export async function criticalPath(): Promise<Contest> {
  const graph = buildGraph({ shape: 'package', builds, seed: 1 });
  const state = new PlannerState(defaultPolicy);
  for (const build of plannerBuilds(graph)) state.add(build);
  state.ranks.settle();
  const offsets = offsetsOf(graph);
  return {
    name: `ready set and critical path, ${builds} builds, ${offsets.inputs.length} edges`,
    unit: 's',
    better: 'low',
    floor: {
      name: 'typed arrays',
      round: () => secondsOf(async () => reference(offsets, graph.durations)),
    },
    contender: {
      name: "the planner's memory",
      round: () =>
        secondsOf(async () => {
          state.ranks.computeAll();
          let ready = 0;
          for (const queue of state.lanes.ready.filled()) ready += queue.heap.size;
          if (ready === 0) throw new Error('nothing is ready');
        }),
    },
    target: { ratio: 2 },
  };
}

export interface PlannerFootprint {
  readonly builds: number;
  readonly edges: number;
  readonly arrayMegabytes: number;
  readonly residentMegabytes: number;
  readonly loadSeconds: number;
  readonly planMillis: number;
}

/** 300,000 builds with 3.6 million edges, as a large evaluation has them. */
export async function plannerFootprint(): Promise<PlannerFootprint> {
  globalThis.gc?.();
  const before = process.memoryUsage().rss;
  const planner = new Planner(defaultPolicy);
  const loadSeconds = await secondsOf(async () => {
    for (const build of largeBuilds(300_000, 12)) planner.add([build]);
    planner.plan({ now: 1, classes: [], workers: [], specifications: [] });
  });
  const plan = await secondsOf(async () =>
    planner.plan({ now: 2, classes: [], workers: [], specifications: [] }),
  );
  const { builds, edges, bytes } = planner.size();
  globalThis.gc?.();
  return {
    builds,
    edges,
    arrayMegabytes: bytes / 2 ** 20,
    residentMegabytes: (process.memoryUsage().rss - before) / 2 ** 20,
    loadSeconds,
    planMillis: plan * 1000,
  };
}

function* largeBuilds(count: number, edgesEach: number): Generator<PlannerBuild> {
  const chance = new SeededChance(7);
  for (let i = 0; i < count; i += 1) {
    const inputs = new Set<number>();
    const wished = i > 100 ? edgesEach : 0;
    while (inputs.size < wished) inputs.add(Math.floor(i * chance.next() ** 2));
    yield plannerBuild(i, [...inputs], 60_000);
  }
}

function* plannerBuilds({ durations, inputs }: BuildGraph): Generator<PlannerBuild> {
  for (const [i, from] of inputs.entries()) yield plannerBuild(i, from, durations[i]!);
}

function plannerBuild(i: number, inputs: readonly number[], estimateMs: number): PlannerBuild {
  return {
    build: (i + 1) as BuildId,
    status: 'scheduled',
    priority: 5,
    system: 'x86_64-linux',
    requiredFeatures: [],
    packageName: `package-${i}`,
    inputs: inputs.map((input) => (input + 1) as BuildId),
    specifications: [],
    estimateMs,
    notBefore: null,
    generation: 0,
    scheduledAt: 0,
  };
}

interface Offsets {
  readonly start: Int32Array;
  readonly inputs: Int32Array;
}

function offsetsOf({ inputs }: BuildGraph): Offsets {
  const start = new Int32Array(inputs.length + 1);
  for (const [i, from] of inputs.entries()) start[i + 1] = start[i]! + from.length;
  return { start, inputs: Int32Array.from(inputs.flat()) };
}

/** Kahn's order over dependents, each edge looked at twice; answers the longest path. */
function reference({ start, inputs }: Offsets, durations: Float64Array): number {
  const count = durations.length;
  const pending = new Int32Array(count);
  for (const input of inputs) pending[input]! += 1;
  const longest = new Float64Array(count);
  const rank = new Float64Array(count);
  const stack = new Int32Array(count);
  let top = 0;
  let ready = 0;
  for (let i = 0; i < count; i += 1) {
    if (pending[i] === 0) stack[top++] = i;
    if (start[i] === start[i + 1]) ready += 1;
  }
  let path = 0;
  while (top > 0) {
    const i = stack[--top]!;
    rank[i] = durations[i]! + longest[i]!;
    path = Math.max(path, rank[i]!);
    for (let edge = start[i]!; edge < start[i + 1]!; edge += 1) {
      const input = inputs[edge]!;
      if (longest[input]! < rank[i]!) longest[input] = rank[i]!;
      if (--pending[input]! === 0) stack[top++] = input;
    }
  }
  return path + ready;
}
