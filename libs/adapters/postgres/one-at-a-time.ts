/**
 * One piece of work at a time among all processes on a database, for changes that first look and
 * then write by means of others. Within a process they wait in line, so that each process holds one
 * connection for it at most.
 */
import { asFault, type Database } from './database.js';

const patience = '10s';

export class OneAtATime {
  private last: Promise<unknown> = Promise.resolve();

  /** `lock` is the number of the advisory lock; other work has another. */
  constructor(
    private readonly database: Database,
    private readonly lock: number,
  ) {}

  /** Throws FarmFault when its turn does not come. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.last.then(() => this.locked(work));
    this.last = mine.catch(() => undefined);
    return mine;
  }

  private async locked<T>(work: () => Promise<T>): Promise<T> {
    const client = await this.database.dedicated();
    try {
      await client
        .query(`set lock_timeout = '${patience}'`)
        .then(() => client.query('select pg_advisory_lock($1)', [this.lock]))
        .catch((cause: unknown) => {
          throw asFault(cause);
        });
      return await work();
    } finally {
      await client.end();
    }
  }
}
