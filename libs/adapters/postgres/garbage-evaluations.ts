/** Old evaluations: how old they are, and how their jobs and logs go. */
import type { AgingSpecification, EvaluationGarbage } from '#application/ports/garbage-store.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import { keptUnlessTold, type EvaluationAge } from '#domain/retention/kept-evaluations.js';
import type { Client, Database, Row } from './database.js';
import { dropEmptyPartitions } from './garbage-partitions.js';
import { condemnLogs } from './garbage-files.js';
import { counts } from './garbage-derivations.js';
import { isLiveEvaluation } from './need-walk.js';
import { isUnfinished } from './planner-rows.js';

const jobsAtOnce = 20_000;

/** SQL: a release names the evaluation `e`. */
const isReleased = `exists (
  select from releases r where r.evaluation_id = e.id and ${counts('r')})`;

/** Without a store of its own a specification has the longest promise that there is. */
const readAges = `
  select s.id as specification, s.archived_at is not null as archived,
         (v.document ->> 'keep')::int as keep, promised.ttl,
         e.id, e.status, e.canceled_at is not null as canceled,
         extract(epoch from now() - e.ended_at)::float8 as ended_ago, ${isReleased} as released
    from specifications s
    join specification_versions v on v.specification_id = s.id and v.version = s.version
    join evaluations e on e.specification_id = s.id and e.pruned_at is null
   cross join lateral (
     select coalesce(max(t.ttl_seconds) filter (where t.dir = own.dir), max(t.ttl_seconds)) as ttl
       from stores t left join stores own on own.slug = v.document ->> 'backend'
      where t.kind <> 'pushed') promised
   order by s.id, e.id`;

interface AgeRow extends Row {
  readonly specification: number;
  readonly archived: boolean;
  readonly keep: number | null;
  readonly ttl: number;
  readonly id: number;
  readonly status: EvaluationStatus;
  readonly canceled: boolean;
  readonly ended_ago: number | null;
  readonly released: boolean;
}

const markPruned = `
  update evaluations e set pruned_at = now()
   where e.id = $1 and e.pruned_at is null and e.status <> 'started' and not ${isReleased}
     and not (${isLiveEvaluation} and exists (
       select from jobs j join builds b on b.id = j.build_id
        where j.evaluation_id = e.id and ${isUnfinished}))`;

const removeJobs = `
  delete from jobs where evaluation_id = $1 and id = any (array(
    select id from jobs where evaluation_id = $1 order by id limit ${jobsAtOnce}))`;

/** A collection that was cut off leaves jobs of evaluations that are pruned. */
const readLeftOver = `
  select e.id from evaluations e
   where e.pruned_at > now() - interval '7 days'
     and exists (select from jobs j where j.evaluation_id = e.id)`;

export class PostgresEvaluationGarbage implements EvaluationGarbage {
  constructor(private readonly database: Database) {}

  async aging(): Promise<readonly AgingSpecification[]> {
    const left = await this.database.query<{ id: number }>(readLeftOver);
    for (const { id } of left) await this.removeJobs(id);
    const rows = await this.database.query<AgeRow>(readAges);
    const bySpecification = Map.groupBy(rows, (row) => row.specification);
    return [...bySpecification.values()].map((ages) => ({
      keep: ages[0]!.keep ?? keptUnlessTold,
      ttlSeconds: ages[0]!.ttl,
      archived: ages[0]!.archived,
      evaluations: ages.map(ageOf),
    }));
  }

  async prune(evaluation: number): Promise<boolean> {
    const isPruned = await this.database.transaction(async (client) => {
      const { rowCount } = await client.query(markPruned, [evaluation]);
      if (rowCount === 1) await condemnLog(client, evaluation);
      return rowCount === 1;
    });
    if (isPruned) await this.removeJobs(evaluation);
    return isPruned;
  }

  dropEmpty(): Promise<void> {
    return dropEmptyPartitions(this.database);
  }

  private async removeJobs(evaluation: number): Promise<void> {
    for (;;) {
      const removed = await this.database.execute(removeJobs, [evaluation]);
      if (removed < jobsAtOnce) return;
    }
  }
}

async function condemnLog(client: Client, evaluation: number): Promise<void> {
  await condemnLogs(client, [{ key: `evaluation-${evaluation}`, size: 0 }]);
}

function ageOf(row: AgeRow): EvaluationAge {
  const { id, status, canceled, ended_ago: endedAgo, released } = row;
  return { id, status, canceled, endedAgo, released };
}
