/** The last attempt of a build, whatever became of it. */
import { id, type AttemptId, type BuildId } from '#domain/ids.js';
import type { Database } from './database.js';

export async function lastAttempt(database: Database, build: BuildId): Promise<AttemptId | null> {
  const [row] = await database.query<{ id: number }>(
    'select id from attempts where build_id = $1 order by number desc limit 1',
    [build],
  );
  return row ? id<AttemptId>(row.id) : null;
}
