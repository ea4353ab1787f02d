/** The last attempt of a build, whatever became of it; null: there is none, or no such build. */
import { id, type AttemptId } from '#domain/ids.js';
import type { Database } from './database.js';

export async function lastAttempt(database: Database, build: number): Promise<AttemptId | null> {
  const [row] = await database.query<{ id: number }>(
    'select id from attempts where build_id = $1 order by number desc limit 1',
    [build],
  );
  return row ? id<AttemptId>(row.id) : null;
}
