/**
 * Intents in Postgres. A cancel decides and writes under the lock that lets one ingest in at once:
 * so no evaluation comes to need a build between the look and the write.
 */
import { id, type BuildId, type EvaluationId, type IntentId, type WorkerId } from '#domain/ids.js';
import type { FallenBuild } from '#domain/build/rising.js';
import type { BuildStatus } from '#domain/build/status.js';
import { restartModes, type RestartMode } from '#domain/build/restart.js';
import type {
  Canceled,
  CancelIntent,
  Intent,
  IntentStore,
  RestartIntent,
} from '#application/ports/intent-store.js';
import { notNeeded } from './ingest-fates.js';
import { asFault, type Client, type Database, type Row } from './database.js';
import { unneededBy } from './need-walk.js';
import { idList } from './planner-rows.js';
import { cancelable, keepRunning, scheduleAgain } from './scheduled-again.js';

/** The lock of PostgresIngestStore. */
const ingestLock = 726002;
/** A second or so of work, at the end of which the planner hears of it. */
const canceledAtOnce = 10_000;

interface IntentRow extends Row {
  id: number;
  kind: 'restart' | 'cancel';
  mode: RestartMode | null;
  evaluation_id: number | null;
  build_id: number | null;
  reason: string;
}

interface FallenRow extends Row {
  id: number;
  status: BuildStatus;
  /** The driver reads the numbers of an array as text. */
  inputs: string[];
}

/** Everything above a build that could have fallen with it. */
const above = `
  with recursive member (id) as (
    select $1::bigint
    union
    select b.id from member m join derivation_inputs i on i.input_id = m.id
      join builds b on b.id = i.derivation_id
       and b.status not in ('failed', 'failed-other', 'canceled'))`;

/** Everything that an evaluation needs and does not have. */
const below = `
  with recursive member (id) as (
    select b.id from jobs j join builds b on b.id = j.build_id and b.status <> 'succeeded'
     where j.evaluation_id = $1
    union
    select b.id from member m join derivation_inputs i on i.derivation_id = m.id
      join builds b on b.id = i.input_id and b.status <> 'succeeded')`;

const failed = `'failed', 'failed-dependency', 'failed-other'`;

const fallen = `
  select b.id, b.status, array(
           select p.id from derivation_inputs i join builds p on p.id = i.input_id
            where i.derivation_id = b.id and p.status in (${failed})) as inputs
    from member m join builds b on b.id = m.id
   where b.status in (${failed}, 'canceled') and b.reason is distinct from '${notNeeded}'`;

/** What ended after the restart was asked for is left alone: it has failed again. */
const unlessFailedAgain = `
   and (b.status = 'failed-dependency' or b.status <> all ($3)
        or b.ended_at <= (select requested_at from intents where id = $2))`;

const tellOn = `
  , untold as (
    select distinct p.id from member m join builds b on b.id = m.id and b.status = 'scheduled'
      join derivation_inputs i on i.derivation_id = b.id join builds p on p.id = i.input_id
     where p.status in (${failed}) and p.failure_propagated),
  locked as (
    select b.id from builds b join untold u on u.id = b.id order by b.id for no key update of b)
  update builds b set failure_propagated = false from locked l where b.id = l.id`;

export class PostgresIntentStore implements IntentStore {
  constructor(private readonly database: Database) {}

  async next(): Promise<Intent | null> {
    const [row] = await this.database.query<IntentRow>(
      `select id, kind, mode, evaluation_id, build_id, reason from intents
        where finished_at is null order by id limit 1`,
    );
    return row ? intentOf(row) : null;
  }

  async fallen(intent: RestartIntent): Promise<readonly FallenBuild[]> {
    const origins = restartModes[intent.mode];
    const found = await this.database.query<FallenRow>(
      `${membersOf(intent)} ${fallen} ${unlessFailedAgain}`,
      [intent.of.build ?? intent.of.evaluation, intent.id, origins],
    );
    return found.map((row) => ({ ...row, inputs: row.inputs.map(Number) }));
  }

  reschedule(intent: RestartIntent, builds: readonly number[]): Promise<number> {
    return this.database.transaction(async (client) => {
      const moved = (await client.query(scheduleAgain, [builds])).rowCount ?? 0;
      await client.query(keepRunning, [builds]);
      await count(client, intent, moved);
      return moved;
    });
  }

  /** The lock is the session's, since the work is many transactions. */
  async cancel(intent: CancelIntent, tell: Tell = async () => true): Promise<Canceled> {
    const client = await this.database.dedicated();
    try {
      await client.query('select pg_advisory_lock($1)', [ingestLock]);
      const { builds, released } = await unneededBy(client, intent.evaluation);
      if (builds.length === 0) return { builds: 0, workers: [] };
      await client.query(`select nextval('cancel_epoch')`);
      return await cancelAll({ client, intent, tell }, builds, released);
    } catch (cause) {
      throw asFault(cause);
    } finally {
      await client.end();
    }
  }

  finish(intent: Intent): Promise<number> {
    return this.database.transaction(async (client) => {
      const untold =
        intent.kind === 'cancel'
          ? 0
          : (await client.query(`${membersOf(intent)} ${tellOn}`, [scopeOf(intent)])).rowCount;
      await client.query(
        'update intents set finished_at = now() where id = $1 and finished_at is null',
        [intent.id],
      );
      return untold ?? 0;
    });
  }
}

type Tell = (part: Canceled) => Promise<boolean>;

interface CancelWork {
  readonly client: Client;
  readonly intent: CancelIntent;
  readonly tell: Tell;
}

/** The first `released` of the builds could run before it is over, so they come first. */
async function cancelAll(
  { client, intent, tell }: CancelWork,
  builds: readonly number[],
  released: number,
): Promise<Canceled> {
  const batches = [builds.slice(0, released), ...batchesOf(builds.slice(released)), []];
  let canceled = 0;
  const workers: WorkerId[] = [];
  for (const [at, waiting] of batches.entries()) {
    // At the end once more, for those that were claimed meanwhile.
    const running = at === 0 || waiting.length === 0 ? builds : [];
    const part = await cancelPart(client, intent, { running, waiting });
    canceled += part.builds;
    workers.push(...part.workers);
    if (!(await tell(part))) break;
  }
  return { builds: canceled, workers };
}

interface CancelPart {
  readonly running: readonly number[];
  readonly waiting: readonly number[];
}

async function cancelPart(
  client: Client,
  intent: CancelIntent,
  { running, waiting }: CancelPart,
): Promise<Canceled> {
  await client.query('begin');
  const ended = await client.query<{ worker_id: number }>(cancelRunning, [
    running.join(' '),
    intent.reason,
  ]);
  const canceled = (await client.query(cancelWaiting, [waiting.join(' ')])).rowCount ?? 0;
  const builds = canceled + (ended.rowCount ?? 0);
  await count(client, intent, builds);
  await client.query('commit');
  return { builds, workers: ended.rows.map((row) => id<WorkerId>(row.worker_id)) };
}

function* batchesOf(builds: readonly number[]): Iterable<readonly number[]> {
  for (let at = 0; at < builds.length; at += canceledAtOnce) {
    yield builds.slice(at, at + canceledAtOnce);
  }
}

const cancelWaiting = `
  with chosen as (
    select id from builds where id = any (${idList('$1')}) and status = 'scheduled'
     order by id for no key update)
  update builds b
     set status = 'canceled', reason = null, generation = b.generation + 1, ended_at = now(),
         worker_class = null, release_expires_at = null, not_before = null
    from chosen where b.id = chosen.id`;

/** Only those that nobody has wished to end before. */
const cancelRunning = `
  with chosen as (
    select l.build_id from leases l join builds b on b.id = l.build_id
     where l.build_id = any (${idList('$1')}) and l.cancel_reason is null
       and b.status in (${cancelable})
     order by l.build_id for no key update of l)
  update leases l set cancel_reason = $2 from chosen c where l.build_id = c.build_id
  returning l.worker_id`;

function membersOf(intent: RestartIntent): string {
  return intent.of.build === undefined ? below : above;
}

function scopeOf({ of }: RestartIntent): number {
  return of.build ?? of.evaluation;
}

async function count(client: Client, intent: Intent, moved: number): Promise<void> {
  await client.query('update intents set moved = moved + $2 where id = $1', [intent.id, moved]);
}

function intentOf(row: IntentRow): Intent {
  const common = { id: id<IntentId>(row.id), reason: row.reason };
  if (row.kind === 'cancel') {
    return { ...common, kind: 'cancel', evaluation: id<EvaluationId>(row.evaluation_id ?? 0) };
  }
  const of =
    row.build_id === null
      ? { evaluation: id<EvaluationId>(row.evaluation_id ?? 0) }
      : { build: id<BuildId>(row.build_id) };
  return { ...common, kind: 'restart', mode: row.mode ?? 'with-failed-dependents', of };
}
