/**
 * What a planner's memory begins with, worked out over the whole graph at once: edges as rows, how
 * many wait for each build, and who demands it. Typed arrays, since millions of edges as objects
 * would cost seconds.
 */
import { invariant } from '#std/invariant.js';
import { isFinal } from '#domain/build/status.js';
import type { BuildId } from '#domain/ids.js';
import type { GraphEdges } from '#domain/scheduling/planner.js';
import type { Demand, Demands } from './planner-demand.js';
import type { Demanded, GraphBuild } from './ports/planner-store.js';

export interface Beginning {
  /** By ascending id; a row of the edges is a place here. */
  readonly builds: readonly GraphBuild[];
  readonly edges: GraphEdges;
  /** By row: unfinished builds that need it. */
  readonly waiters: Int32Array;
  readonly demand: readonly Demand[];
}

/** Every input that a build names must be among the builds. */
export function beginningOf(
  told: readonly GraphBuild[],
  demanded: readonly Demanded[],
  demands: Demands,
): Beginning {
  const builds = told.toSorted((a, b) => a.build - b.build);
  const rows = new Map<BuildId, number>();
  for (let row = 0; row < builds.length; row += 1) rows.set(builds[row]!.build, row);
  const edges = edgesOf(builds, rows);
  const demand = builds.map(() => demands.none);
  for (const { build, specification } of demanded) {
    const row = rows.get(build);
    if (row === undefined || isFinal(builds[row]!.status)) continue;
    demand[row] = demands.union(demand[row]!, demands.of(specification));
  }
  const beginning = { builds, edges, waiters: waitersOf(builds, edges), demand };
  while (handDown(beginning, demand, demands)) continue;
  return beginning;
}

function edgesOf(builds: readonly GraphBuild[], rows: ReadonlyMap<BuildId, number>): GraphEdges {
  const start = new Int32Array(builds.length + 1);
  for (let row = 0; row < builds.length; row += 1) {
    start[row + 1] = start[row]! + builds[row]!.inputs.length;
  }
  const inputs = new Int32Array(start[builds.length]!);
  let edge = 0;
  for (const build of builds) {
    for (const input of build.inputs) {
      const row = rows.get(input);
      invariant(row !== undefined, `build ${build.build} needs ${input}, which was not told`);
      inputs[edge++] = row;
    }
  }
  return { start, inputs };
}

function waitersOf(builds: readonly GraphBuild[], { start, inputs }: GraphEdges): Int32Array {
  const waiters = new Int32Array(builds.length);
  for (let row = 0; row < builds.length; row += 1) {
    if (isFinal(builds[row]!.status)) continue;
    for (let edge = start[row]!; edge < start[row + 1]!; edge += 1) waiters[inputs[edge]!]! += 1;
  }
  return waiters;
}

/**
 * Inputs have smaller ids than what needs them, so one walk from the end does; true when it met one
 * that has not, and must go again.
 */
function handDown(
  { builds, edges: { start, inputs } }: Beginning,
  demand: Demand[],
  demands: Demands,
): boolean {
  let again = false;
  for (let row = builds.length - 1; row >= 0; row -= 1) {
    const wanted = demand[row]!;
    if (wanted === demands.none || isFinal(builds[row]!.status)) continue;
    for (let edge = start[row]!; edge < start[row + 1]!; edge += 1) {
      const input = inputs[edge]!;
      if (demand[input] === wanted || isFinal(builds[input]!.status)) continue;
      const grown = demands.union(demand[input]!, wanted);
      if (grown === demand[input]) continue;
      demand[input] = grown;
      again ||= input > row;
    }
  }
  return again;
}
