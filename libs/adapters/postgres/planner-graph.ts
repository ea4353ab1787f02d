/**
 * Everything unfinished, as one snapshot saw it: what a planner begins with. Read by COPY, since a
 * large evaluation has 300,000 builds with millions of inputs, and a farm without a planner stands
 * still.
 */
import { isFinal } from '#domain/build/status.js';
import { id, type BuildId, type SpecificationId } from '#domain/ids.js';
import type {
  Demanded,
  FeedPosition,
  GraphBuild,
  GraphPart,
} from '#application/ports/planner-store.js';
import { copyRows } from './copy-out.js';
import type { Client } from './database.js';
import { isLiveEvaluation } from './need-walk.js';
import {
  graphBuild,
  graphBuildOf,
  isUnfinished,
  milliseconds,
  readGraph,
  readNotSucceeded,
  type GraphRow,
} from './planner-rows.js';

const readPosition = `select pg_current_snapshot()::text as position,
  ${milliseconds('clock_timestamp()')} as now`;

const readAllDemanded = `
  select distinct j.build_id, e.specification_id
    from jobs j join evaluations e on e.id = j.evaluation_id join builds b on b.id = j.build_id
   where ${isUnfinished} and ${isLiveEvaluation}`;

/** In a transaction of its own, which the caller ends with the connection. */
export async function loadGraph(client: Client): Promise<GraphPart> {
  await client.query('begin isolation level repeatable read read only');
  const { rows } = await client.query<{ position: FeedPosition; now: number }>(readPosition);
  const builds: (GraphBuild & { inputs: BuildId[] })[] = [];
  const unfinished = new Set<number>();
  await copyRows(client, readGraph, (row) => {
    const build = graphBuildOf(row);
    builds.push(build);
    unfinished.add(build.build);
  });
  const holding = await dropSucceeded(client, builds, unfinished);
  const demanded: Demanded[] = [];
  await copyRows(client, readAllDemanded, (row) => {
    const build = id<BuildId>(row.integer());
    demanded.push({ build, specification: id<SpecificationId>(row.integer()) });
  });
  return { ...rows[0]!, builds: [...holding, ...builds], demanded };
}

/** Leaves the inputs that have not succeeded; answers those of them that are final. */
async function dropSucceeded(
  client: Client,
  builds: readonly { inputs: BuildId[] }[],
  unfinished: ReadonlySet<number>,
): Promise<GraphBuild[]> {
  const others = new Set<number>();
  const holders: { inputs: BuildId[] }[] = [];
  for (const build of builds) {
    const known = others.size;
    let all = true;
    for (const input of build.inputs) {
      if (unfinished.has(input)) continue;
      all = false;
      others.add(input);
    }
    if (!all || others.size > known) holders.push(build);
  }
  if (others.size === 0) return [];
  const { rows } = await client.query<GraphRow>(readNotSucceeded, [[...others].join(' ')]);
  const holding = rows.filter((row) => isFinal(row.status));
  const held = new Set(holding.map((row) => row.id));
  for (const build of holders) {
    build.inputs = build.inputs.filter((input) => unfinished.has(input) || held.has(input));
  }
  return holding.map((row) => graphBuild(row, []));
}
