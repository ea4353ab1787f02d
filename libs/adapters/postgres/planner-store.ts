/**
 * The planner's memory follows Postgres through `planner_changes`, which triggers write. A position
 * is the text of a snapshot: what is visible now and was not visible to it is new, so a transaction
 * that began early and commits late is told when it commits, and holds up nobody else's changes.
 */
import { isFinal } from '#domain/build/status.js';
import { id, type BuildId, type SpecificationId } from '#domain/ids.js';
import type {
  AuditSlice,
  AuditStore,
  Demanded,
  FeedChanges,
  FeedPosition,
  GraphBuild,
  GraphPart,
  PlannerStore,
} from '#application/ports/planner-store.js';
import type { Client, Database, Row } from './database.js';
import { isLiveEvaluation } from './need-walk.js';
import { loadGraph } from './planner-graph.js';
import {
  feedChange,
  graphBuild,
  idList,
  isUnfinished,
  readChanges,
  readNotSucceeded,
  readUnfinished,
  type ChangesRow,
  type GraphRow,
} from './planner-rows.js';

const forgottenAtOnce = 20_000;

const readDemanded = `
  select distinct j.build_id as build, e.specification_id as specification
    from jobs j join evaluations e on e.id = j.evaluation_id
   where j.build_id = any(${idList('$1')}) and ${isLiveEvaluation}`;

const readDependents = `
  select distinct b.id from derivation_inputs i join builds b on b.id = i.derivation_id
   where i.input_id = any(${idList('$1')}) and ${isUnfinished}`;

const forgetChanges = `
  with floor as (
    insert into planner_floor (xid) values (pg_snapshot_xmin($1::pg_snapshot))
    on conflict (only_row) do update set xid = greatest(planner_floor.xid, excluded.xid))
  delete from planner_changes where ctid = any(array(
    select ctid from planner_changes where xid < pg_snapshot_xmin($1::pg_snapshot)
     order by xid limit $2))`;

/**
 * A window of ids, whatever became of them, keeps a slice bounded on a farm with a long past. Each
 * input is looked up by its key: joined, Postgres read all builds anew for each count while it
 * still believed a new farm's tables to be small (187 s for 5,000 of 100,000 builds).
 */
const readCounts = `
  with looked as materialized (
    select id, status from builds where id > $1 order by id limit $2),
  unfinished as materialized (select b.id from looked b where ${isUnfinished})
  select (select max(id) from looked) as last, (select count(*) from looked) as looked,
         (select json_agg(json_build_array(u.id, (
             select count(*) from (
               select input_id from derivation_inputs where derivation_id = u.id offset 0) i
              where (select status from builds where id = i.input_id) <> 'succeeded')))
            from unfinished u) as counts`;

interface CountsRow extends Row {
  last: number | null;
  looked: number;
  counts: [build: BuildId, unfinished: number][] | null;
}

type Ask = <T extends Row>(text: string, values: readonly unknown[]) => Promise<T[]>;

export class PostgresPlannerStore implements PlannerStore, AuditStore {
  constructor(private readonly database: Database) {}

  async *load(): AsyncIterable<GraphPart> {
    const client = await this.database.dedicated();
    try {
      yield await loadGraph(client);
    } finally {
      await client.end();
    }
  }

  async changes(since: FeedPosition): Promise<FeedChanges | null> {
    return changesOf(await this.database.query<ChangesRow>(readChanges, [since]));
  }

  async builds(builds: readonly BuildId[]): Promise<readonly GraphBuild[]> {
    if (builds.length === 0) return [];
    const ask: Ask = (text, values) => this.database.query(text, values);
    const rows = await ask<GraphRow>(readUnfinished, [builds.join(' ')]);
    return withHeld(ask, rows);
  }

  async dependents(builds: readonly BuildId[]): Promise<readonly BuildId[]> {
    if (builds.length === 0) return [];
    const rows = await this.database.query<{ id: number }>(readDependents, [builds.join(' ')]);
    return rows.map((row) => id<BuildId>(row.id));
  }

  async demanded(builds: readonly BuildId[]): Promise<readonly Demanded[]> {
    if (builds.length === 0) return [];
    return askDemanded((text, values) => this.database.query(text, values), builds.join(' '));
  }

  async forget(read: FeedPosition): Promise<void> {
    await this.database.execute(forgetChanges, [read, forgottenAtOnce]);
  }

  slice(since: FeedPosition, after: number, limit: number): Promise<AuditSlice | null> {
    return this.database.transaction(async (client) => {
      await client.query('set transaction isolation level repeatable read read only');
      const ask = askOf(client);
      const changes = changesOf(await ask<ChangesRow>(readChanges, [since]));
      if (!changes) return null;
      const [row] = await ask<CountsRow>(readCounts, [after, limit]);
      const { last = null, looked = 0, counts } = row ?? {};
      return {
        changes,
        counts: (counts ?? []).map(([build, unfinishedInputs]) => ({ build, unfinishedInputs })),
        last: looked < limit || last === null ? null : id<BuildId>(last),
      };
    });
  }
}

function askOf(client: Client): Ask {
  return async <T extends Row>(text: string, values: readonly unknown[]) =>
    (await client.query<T>(text, [...values])).rows;
}

async function askDemanded(ask: Ask, list: string): Promise<Demanded[]> {
  const rows = await ask<{ build: number; specification: number }>(readDemanded, [list]);
  return rows.map((row) => ({
    build: id<BuildId>(row.build),
    specification: id<SpecificationId>(row.specification),
  }));
}

function changesOf([row]: readonly ChangesRow[]): FeedChanges | null {
  if (!row || row.forgotten) return null;
  return {
    position: row.position,
    now: row.now,
    builds: (row.builds ?? []).map(feedChange),
    evaluations: row.evaluations ?? [],
  };
}

/**
 * Leaves of each build's inputs those that have not succeeded; those that failed or were canceled
 * come with the builds.
 */
async function withHeld(ask: Ask, rows: readonly GraphRow[]): Promise<GraphBuild[]> {
  const lists = rows.map((row) => row.inputs?.split(' ').map(Number) ?? []);
  const inputs = [...new Set(lists.flat())];
  const unfinished =
    inputs.length === 0 ? [] : await ask<GraphRow>(readNotSucceeded, [inputs.join(' ')]);
  const held = new Set(unfinished.map((row) => row.id));
  const builds = rows.map((row, at) => {
    const holding = lists[at]!.filter((input) => held.has(input));
    return graphBuild(row, holding as BuildId[]);
  });
  const final = unfinished.filter((row) => isFinal(row.status));
  return [...final.map((row) => graphBuild(row, [])), ...builds];
}
