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
import {
  feedChange,
  graphBuild,
  idList,
  isUnfinished,
  milliseconds,
  readChanges,
  readNotSucceeded,
  readUnfinished,
  type ChangesRow,
  type GraphRow,
} from './planner-rows.js';

const buildsAtOnce = 10_000;
const forgottenAtOnce = 20_000;

const readIds = `
  select string_agg(b.id::text, ' ' order by b.id) as ids, pg_current_snapshot()::text as position,
         ${milliseconds('clock_timestamp()')} as now
    from (select id from builds where status = 'scheduled'
          union all select id from builds where status in ('submitted', 'started')) b`;

const readDemanded = `
  select distinct j.build_id as build, e.specification_id as specification
    from jobs j join evaluations e on e.id = j.evaluation_id
   where j.build_id = any(${idList('$1')}) and e.status in ('started', 'succeeded')
     and e.canceled_at is null`;

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

/** A window of ids, whatever became of them, keeps a slice bounded on a farm with a long past. */
const readCounts = `
  with looked as materialized (
    select id, status from builds where id > $1 order by id limit $2)
  select (select max(id) from looked) as last, (select count(*) from looked) as looked,
         (select json_agg(json_build_array(b.id, (
             select count(*) from derivation_inputs i join builds x on x.id = i.input_id
              where i.derivation_id = b.id and x.status <> 'succeeded')))
            from looked b where ${isUnfinished}) as counts`;

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
      await client.query('begin isolation level repeatable read read only');
      const ask = askOf(client);
      const [head] = await ask<{ ids: string | null; position: FeedPosition; now: number }>(
        readIds,
        [],
      );
      const ids = head?.ids?.split(' ').map(Number) ?? [];
      const inputs = new InputFilter(ask, new Set(ids));
      const { position, now } = head!;
      for (let start = 0; start === 0 || start < ids.length; start += buildsAtOnce) {
        const list = ids.slice(start, start + buildsAtOnce).join(' ');
        const builds = await inputs.filter(await ask<GraphRow>(readUnfinished, [list]));
        yield { position, now, builds, demanded: await askDemanded(ask, list) };
      }
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
    return new InputFilter(ask, new Set()).filter(rows);
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
 * Leaves of each build's inputs those that have not succeeded. Inputs that are not known to be
 * unfinished are asked for once; those that failed or were canceled come with the builds.
 */
class InputFilter {
  private readonly asked = new Set<number>();

  /** `held` is what is known not to have succeeded; it grows. */
  constructor(
    private readonly ask: Ask,
    private readonly held: Set<number>,
  ) {}

  async filter(rows: readonly GraphRow[]): Promise<GraphBuild[]> {
    const lists = rows.map((row) => row.inputs?.split(' ').map(Number) ?? []);
    const unknown = new Set<number>();
    for (const list of lists) {
      for (const input of list) {
        if (!this.held.has(input) && !this.asked.has(input)) unknown.add(input);
      }
    }
    const spoilt = await this.look([...unknown]);
    const builds = rows.map((row, at) => {
      const inputs = (lists[at] ?? []).filter((input) => this.held.has(input));
      return graphBuild(row, inputs as BuildId[]);
    });
    return [...spoilt.map((row) => graphBuild(row, [])), ...builds];
  }

  private async look(unknown: readonly number[]): Promise<GraphRow[]> {
    if (unknown.length === 0) return [];
    for (const input of unknown) this.asked.add(input);
    const rows = await this.ask<GraphRow>(readNotSucceeded, [unknown.join(' ')]);
    for (const row of rows) this.held.add(row.id);
    return rows.filter((row) => isFinal(row.status));
  }
}
