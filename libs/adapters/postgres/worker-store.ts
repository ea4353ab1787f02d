/**
 * Workers in Postgres: enrolment by one-time token, and what they last said of themselves. What
 * many workers say in the same moment is one statement.
 */
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
import type { Client, Database } from './database.js';
import { Gathered } from './gathered.js';
import {
  beatTogether,
  findTogether,
  greetTogether,
  leaveTogether,
  type Said,
} from './worker-batch.js';

export { workerIsPaused, workerIsThere, workerStanding } from './worker-standing.js';

/** In one statement. */
const workersAtOnce = 500;

export class PostgresWorkerStore implements WorkerStore {
  private readonly finding: Gathered<WorkerId, KnownWorker | null>;
  private readonly greeting: Gathered<Said<WorkerHello>, Standing>;
  private readonly beating: Gathered<Said<WorkerBeat>, Standing>;
  private readonly leaving: Gathered<Said<string>, void>;

  constructor(private readonly database: Database) {
    this.finding = new Gathered((asked) => findTogether(database, asked), workersAtOnce);
    this.greeting = new Gathered((said) => greetTogether(database, said), workersAtOnce);
    this.beating = new Gathered((said) => beatTogether(database, said), workersAtOnce);
    this.leaving = new Gathered((said) => leaveTogether(database, said), workersAtOnce);
  }

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

  find(worker: WorkerId): Promise<KnownWorker | null> {
    return this.finding.ask(worker);
  }

  hello(worker: WorkerId, word: WorkerHello): Promise<Standing> {
    return this.greeting.ask({ worker, word });
  }

  beat(worker: WorkerId, word: WorkerBeat): Promise<Standing> {
    return this.beating.ask({ worker, word });
  }

  left(worker: WorkerId, word: string): Promise<void> {
    return this.leaving.ask({ worker, word });
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
