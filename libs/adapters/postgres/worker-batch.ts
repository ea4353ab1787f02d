/**
 * What workers say of themselves when many say it at once: one statement for all. Rows are locked
 * in the order of ids, so that the statements of two gateways never wait for one another in a ring.
 */
import { id, type WorkerId } from '#domain/ids.js';
import type {
  KnownWorker,
  Standing,
  WorkerBeat,
  WorkerHello,
} from '#application/ports/worker-store.js';
import type { Database, Row } from './database.js';
import { workerIsPaused } from './worker-standing.js';

export interface Said<Word> {
  readonly worker: WorkerId;
  readonly word: Word;
}

interface FoundRow extends Row {
  id: number;
  name: string;
  credential_hash: string;
  removed: boolean;
}

interface StandingRow extends Row {
  id: number;
  paused: boolean;
  draining: boolean;
  removed: boolean;
  note: string;
}

const gone: Standing = { paused: false, draining: false, removed: true, note: '' };

const standing = `w.id, ${workerIsPaused} as paused, draining, removed_at is not null as removed,
  coalesce(pause_note, '') as note`;

/** SQL: what was said to one worker twice is said once, and for workers that are still there. */
const locked = `
  locked as (
    select id from workers where id in (select id from told) and removed_at is null
     order by id for no key update)`;

const greet = `
  with told as (
    select * from jsonb_to_recordset($1::jsonb) t (
      id bigint, gateway text, "className" text, systems text[], features text[], speed real,
      slots int, cores int, protocol int, version text)),
  ${locked}
  update workers w
     set gateway = t.gateway, class = t."className", systems = t.systems, features = t.features,
         speed = t.speed, slots = t.slots, cores = t.cores, protocol = t.protocol,
         version = t.version, connected_at = now(), last_seen_at = now(), holds_back = null,
         refused_at = null, refused_code = null, refused_message = null
    from told t join locked using (id) where w.id = t.id
  returning ${standing}`;

const beat = `
  with told as (
    select * from unnest($1::bigint[], $2::text[], $3::int[], $4::real[], $5::bigint[],
                         $6::bigint[], $7::text[], $8::bigint[])
      t (id, gateway, free_slots, load, memory_free, disk_free, holds_back, min_disk)),
  ${locked}
  update workers w
     set gateway = t.gateway, free_slots = t.free_slots, load = t.load,
         memory_free = t.memory_free, disk_free = t.disk_free, holds_back = t.holds_back,
         min_disk = t.min_disk, last_seen_at = now()
    from told t join locked using (id) where w.id = t.id
  returning ${standing}`;

const leave = `
  with told as (select * from unnest($1::bigint[], $2::text[]) t (id, gateway)),
  ${locked}
  update workers w set gateway = null, free_slots = 0
    from told t join locked using (id) where w.id = t.id and w.gateway = t.gateway`;

export async function findTogether(
  database: Database,
  workers: readonly WorkerId[],
): Promise<readonly (KnownWorker | null)[]> {
  const rows = await database.query<FoundRow>(
    `select id, name, credential_hash, removed_at is not null as removed
       from workers where id = any ($1)`,
    [workers],
  );
  const found = new Map(rows.map((row) => [row.id, row]));
  return workers.map((worker) => {
    const row = found.get(worker);
    if (!row) return null;
    const { name, removed, credential_hash: credentialHash } = row;
    return { id: id<WorkerId>(row.id), name, credentialHash, removed };
  });
}

export async function greetTogether(
  database: Database,
  said: readonly Said<WorkerHello>[],
): Promise<readonly Standing[]> {
  const told = lastOf(said).map(({ worker, word }) => ({ id: worker, ...word }));
  return standingOf(said, await database.query<StandingRow>(greet, [JSON.stringify(told)]));
}

export async function beatTogether(
  database: Database,
  said: readonly Said<WorkerBeat>[],
): Promise<readonly Standing[]> {
  const last = lastOf(said);
  const words = last.map((one) => one.word);
  const rows = await database.query<StandingRow>(beat, [
    last.map((one) => one.worker),
    words.map((word) => word.gateway),
    words.map((word) => word.freeSlots),
    words.map((word) => word.load),
    words.map((word) => word.memoryFree),
    words.map((word) => word.diskFree),
    words.map((word) => word.holdsBack),
    words.map((word) => word.minDisk),
  ]);
  return standingOf(said, rows);
}

/** `word` is the gateway that the worker has left. */
export async function leaveTogether(
  database: Database,
  said: readonly Said<string>[],
): Promise<readonly void[]> {
  const workers = said.map((one) => one.worker);
  await database.execute(leave, [workers, said.map((one) => one.word)]);
  return said.map(() => undefined);
}

function lastOf<Word>(said: readonly Said<Word>[]): Said<Word>[] {
  return [...new Map(said.map((one) => [one.worker, one])).values()];
}

function standingOf(said: readonly Said<unknown>[], rows: readonly StandingRow[]): Standing[] {
  const standings = new Map(rows.map(({ id: worker, ...row }) => [worker, row]));
  return said.map(({ worker }) => standings.get(worker) ?? gone);
}
