/** Where the log lies of what Cuirass's addresses name. */
import type { LogKey } from '#application/ports/log-store.js';
import type { Database } from './database.js';
import { lastAttempt } from './last-attempt.js';

export class CuirassLogs {
  constructor(private readonly database: Database) {}

  /** Of the last attempt. Null: it was never tried, or there is no such build. */
  async ofBuild(build: number): Promise<LogKey | null> {
    const attempt = await lastAttempt(this.database, build);
    return attempt === null ? null : `attempt-${attempt}`;
  }

  /**
   * By the base name of an output or of a `.drv`: of who built it here, else what was pushed.
   * Nothing of a store that is read with a token alone.
   */
  async ofPath(basename: string): Promise<LogKey | null> {
    const [row] = await this.database.query<{ kind: 'attempt' | 'pushed'; id: number }>(
      `with of as (
         select o.derivation_id as id from stores s
           join outputs o on o.store_id = s.id and o.path = $1 where not s.private
         union all
         select d.id from stores s join derivations d on d.store_id = s.id and d.path = $1
          where not s.private),
       built as (
         select a.id from of join attempts a on a.build_id = of.id order by a.id desc limit 1),
       pushed as (
         select l.id from of join derivations d on d.id = of.id
           join pushed_logs l on l.store_id = d.store_id and l.derivation = d.path
          order by l.id desc limit 1)
       select 'attempt' as kind, id from built union all
       select 'pushed', id from pushed limit 1`,
      [basename],
    );
    return row ? `${row.kind}-${row.id}` : null;
  }
}
