/**
 * Who needs what, walked and never stored. A walk goes through what has not succeeded: what a
 * succeeded build was made of is needed by nobody on its account. A build is needed while a job of
 * a live evaluation leads to it, or while the evaluation that brought it is still read.
 */
import { wishingStatuses } from '#domain/evaluation/status.js';
import type { Client } from './database.js';
import { cancelable } from './scheduled-again.js';

/** SQL: the evaluation `e` wishes for its builds, as `isLive` says. */
export const isLiveEvaluation = `(e.canceled_at is null and e.status in (${wishingStatuses
  .map((status) => `'${status}'`)
  .join(', ')}))`;

/** Builds of an evaluation's closure that have not ended. */
const unfinishedOf = `
  with recursive down (id) as (
    select b.id from jobs j join builds b on b.id = j.build_id and b.status <> 'succeeded'
     where j.evaluation_id = $1
    union
    select b.id from builds b where b.evaluation_id = $1 and b.status in (${cancelable})
    union
    select b.id from down d join derivation_inputs i on i.derivation_id = d.id
      join builds b on b.id = i.input_id and b.status <> 'succeeded')
  select b.id from down d join builds b on b.id = d.id where b.status in (${cancelable})`;

/** From the builds $1 upwards to what is wished for, and from there down again. */
const neededAmong = `
  with recursive up (id) as (
    select o.id from unnest($1::bigint[]) o (id)
    union
    select b.id from up u join derivation_inputs i on i.input_id = u.id
      join builds b on b.id = i.derivation_id and b.status <> 'succeeded'),
  down (id) as (
    select u.id from up u where exists (
      select from jobs j join evaluations e on e.id = j.evaluation_id
       where j.build_id = u.id and ${isLiveEvaluation})
       or exists (
      select from builds b join evaluations e on e.id = b.evaluation_id
       where b.id = u.id and b.status in (${cancelable}) and e.status = 'started')
    union
    select b.id from down d join derivation_inputs i on i.derivation_id = d.id
      join builds b on b.id = i.input_id and b.status <> 'succeeded')
  select id from down where id = any ($1)`;

/** The unfinished builds that an evaluation which is live no more leaves needed by nobody. */
export async function unneededBy(client: Client, evaluation: number): Promise<number[]> {
  const unfinished = await idsOf(client, unfinishedOf, evaluation);
  if (unfinished.length === 0) return [];
  const needed = new Set(await idsOf(client, neededAmong, unfinished));
  return unfinished.filter((build) => !needed.has(build));
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
