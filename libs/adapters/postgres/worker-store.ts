/** Workers in Postgres: enrolment by one-time token, and what they last said of themselves. */
import { err, ok, type Result } from '#std/result.js';
import { id, type WorkerId } from '#domain/ids.js';
import type {
  Enrolment,
  EnrolRefusal,
  KnownWorker,
  Standing,
  WorkerBeat,
  WorkerHello,
  WorkerRefusal,
  WorkerStore,
} from '#application/ports/worker-store.js';
import type { Client, Database, Row } from './database.js';

/** SQL: a gateway holds the worker, and has heard of it within three of the longest heartbeats. */
export const workerIsThere = `(
  gateway is not null and last_seen_at > now() - interval '90 seconds')`;

/** SQL: paused now, by the database's clock; a pause that has reached its end is none. */
export const workerIsPaused = '(paused_at is not null and coalesce(pause_until > now(), true))';

/** SQL: the columns of a WorkerState beside the class and the slots. */
export const workerStanding = `${workerIsThere} as connected, ${workerIsPaused} as paused,
  draining or coalesce(holds_back = 'draining', false) as draining,
  coalesce(holds_back = 'disk-guard', false) as "diskGuard"`;

interface FoundRow extends Row {
  id: number;
  name: string;
  credential_hash: string;
  removed: boolean;
}

interface StandingRow extends Row {
  paused: boolean;
  draining: boolean;
  removed: boolean;
  note: string;
}

const standing = `${workerIsPaused} as paused, draining, removed_at is not null as removed,
  coalesce(pause_note, '') as note`;
const gone: Standing = { paused: false, draining: false, removed: true, note: '' };

export class PostgresWorkerStore implements WorkerStore {
  constructor(private readonly database: Database) {}

  async createToken(tokenHash: string, note: string, seconds: number): Promise<Date> {
    const [row] = await this.database.query<{ expires_at: Date }>(
      `insert into enrolment_tokens (token_hash, note, expires_at)
       values ($1, $2, now() + make_interval(secs => $3)) returning expires_at`,
      [tokenHash, note, seconds],
    );
    return row!.expires_at;
  }

  enrol(enrolment: Enrolment): Promise<Result<WorkerId, EnrolRefusal>> {
    return this.database.transaction((client) => enrolOnce(client, enrolment));
  }

  async find(worker: WorkerId): Promise<KnownWorker | null> {
    const [row] = await this.database.query<FoundRow>(
      `select id, name, credential_hash, removed_at is not null as removed
         from workers where id = $1`,
      [worker],
    );
    if (!row) return null;
    const { name, credential_hash: credentialHash, removed } = row;
    return { id: id<WorkerId>(row.id), name, credentialHash, removed };
  }

  async hello(worker: WorkerId, hello: WorkerHello): Promise<Standing> {
    const [row] = await this.database.query<StandingRow>(
      `update workers set gateway = $2, class = $3, systems = $4, features = $5, speed = $6,
              slots = $7, cores = $8, protocol = $9, version = $10,
              connected_at = now(), last_seen_at = now(), holds_back = null,
              refused_at = null, refused_code = null, refused_message = null
        where id = $1 and removed_at is null returning ${standing}`,
      [
        worker,
        hello.gateway,
        hello.className,
        hello.systems,
        hello.features,
        hello.speed,
        hello.slots,
        hello.cores,
        hello.protocol,
        hello.version,
      ],
    );
    return row ?? gone;
  }

  async beat(worker: WorkerId, beat: WorkerBeat): Promise<Standing> {
    const [row] = await this.database.query<StandingRow>(
      `update workers set gateway = $2, free_slots = $3, load = $4, memory_free = $5,
              disk_free = $6, holds_back = $7, min_disk = $8, last_seen_at = now()
        where id = $1 and removed_at is null returning ${standing}`,
      [
        worker,
        beat.gateway,
        beat.freeSlots,
        beat.load,
        beat.memoryFree,
        beat.diskFree,
        beat.holdsBack,
        beat.minDisk,
      ],
    );
    return row ?? gone;
  }

  async left(worker: WorkerId, gateway: string): Promise<void> {
    await this.database.execute(
      'update workers set gateway = null, free_slots = 0 where id = $1 and gateway = $2',
      [worker, gateway],
    );
  }

  async refused(worker: WorkerId, { code, message }: WorkerRefusal): Promise<void> {
    await this.database.execute(
      `update workers set refused_at = now(), refused_code = $2, refused_message = $3
        where id = $1`,
      [worker, code, message],
    );
  }
}

async function enrolOnce(
  client: Client,
  { tokenHash, name, credentialHash }: Enrolment,
): Promise<Result<WorkerId, EnrolRefusal>> {
  const token = await client.query(
    `select from enrolment_tokens
      where token_hash = $1 and used_at is null and expires_at > now() for update`,
    [tokenHash],
  );
  if (token.rowCount === 0) return err({ kind: 'token-invalid' });
  const made = await client.query<{ id: number }>(
    `insert into workers (name, credential_hash) values ($1, $2)
     on conflict (name) where removed_at is null do nothing returning id`,
    [name, credentialHash],
  );
  const worker = made.rows[0]?.id;
  if (worker === undefined) return err({ kind: 'name-taken' });
  await client.query(
    'update enrolment_tokens set used_at = now(), worker_id = $2 where token_hash = $1',
    [tokenHash, worker],
  );
  return ok(id<WorkerId>(worker));
}
