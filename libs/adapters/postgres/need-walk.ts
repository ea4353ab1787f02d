/**
 * Who needs what, walked and never stored. A walk goes through what has not succeeded: what a
 * succeeded build was made of is needed by nobody on its account. A build is needed while a job of
 * a live evaluation leads to it, or while the evaluation that brought it is still read.
 */
import { wishingStatuses } from '#domain/evaluation/status.js';
import { neededFrom } from '#domain/build/need.js';
import { copyRows } from './copy-out.js';
import type { Client } from './database.js';
import { isUnfinished } from './planner-rows.js';
import { UnfinishedGraph } from './unfinished-graph.js';

/** SQL: the evaluation `e` wishes for its builds, as `isLive` says. */
export const isLiveEvaluation = `(e.canceled_at is null and e.status in (${wishingStatuses
  .map((status) => `'${status}'`)
  .join(', ')}))`;

/** Named by a job of a live evaluation. */
const readWished = `
  select distinct j.build_id
    from jobs j join evaluations e on e.id = j.evaluation_id join builds b on b.id = j.build_id
   where ${isUnfinished} and ${isLiveEvaluation}`;

const wishedAmong = `
  select f.id from unnest(string_to_array($1, ' ')::bigint[]) f (id)
   where exists (select from jobs j join evaluations e on e.id = j.evaluation_id
                  where j.build_id = f.id and ${isLiveEvaluation})`;

export interface Unneeded {
  /** In the order of their ids; those whose tickets are out come first. */
  readonly builds: readonly number[];
  readonly released: number;
}

/**
 * The unfinished builds that an evaluation which is live no more leaves needed by nobody. Reads one
 * snapshot, so the caller must hold the lock that keeps others from coming to need a build.
 */
export async function unneededBy(client: Client, evaluation: number): Promise<Unneeded> {
  await client.query('begin isolation level repeatable read read only');
  const graph = await UnfinishedGraph.read(client);
  const wished: number[] = [];
  await copyRows(client, readWished, (row) => wished.push(row.integer()));
  if (graph.fallen.length > 0) {
    wished.push(...(await idsOf(client, wishedAmong, graph.fallen.join(' '))));
  }
  const started = new Set(
    await idsOf(
      client,
      `select id from evaluations where status = 'started' and id <> $1`,
      evaluation,
    ),
  );
  const own = await idsOf(
    client,
    'select distinct build_id as id from jobs where evaluation_id = $1 and build_id is not null',
    evaluation,
  );
  await client.query('commit');
  const edges = graph.edges();
  const brought = (is: (by: number) => boolean): number[] =>
    graph.evaluations.flatMap((by, row) => (is(by) ? row : []));
  const needed = neededFrom(edges, [...graph.rowsOf(wished), ...brought((by) => started.has(by))]);
  const among = neededFrom(edges, [...graph.rowsOf(own), ...brought((by) => by === evaluation)]);
  return inOrder(graph, (row) => among[row] === 1 && needed[row] === 0);
}

function inOrder(graph: UnfinishedGraph, isChosen: (row: number) => boolean): Unneeded {
  const released: number[] = [];
  const others: number[] = [];
  for (let row = 0; row < graph.unfinished; row += 1) {
    if (isChosen(row)) (graph.released[row] ? released : others).push(graph.builds[row]!);
  }
  const ascending = (a: number, b: number): number => a - b;
  return {
    builds: [...released.sort(ascending), ...others.sort(ascending)],
    released: released.length,
  };
}

/** Live evaluations that a job leads from to the build; at most `limit`. */
export async function evaluationsNeeding(
  client: Client,
  build: number,
  limit: number,
): Promise<number[]> {
  const { rows } = await client.query<{ id: number }>(
    `with recursive up (id) as (
       select $1::bigint
       union
       select b.id from up u join derivation_inputs i on i.input_id = u.id
         join builds b on b.id = i.derivation_id and b.status <> 'succeeded')
     select distinct e.id from up u join jobs j on j.build_id = u.id
       join evaluations e on e.id = j.evaluation_id and ${isLiveEvaluation}
      order by e.id limit $2`,
    [build, limit],
  );
  return rows.map(({ id }) => id);
}

async function idsOf(client: Client, text: string, value: unknown): Promise<number[]> {
  return (await client.query<{ id: number }>(text, [value])).rows.map(({ id }) => id);
}
