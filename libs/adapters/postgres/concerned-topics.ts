/** Whom a change of builds or evaluations concerns: only those that somebody asks for. */
import type { Database } from './database.js';

export class ConcernedTopics {
  constructor(private readonly database: Database) {}

  /** Those of `evaluations` that have a job which points at one of the builds. */
  async evaluations(
    builds: readonly number[],
    evaluations: readonly number[],
  ): Promise<readonly number[]> {
    const rows = await this.database.query<{ id: number }>(
      `select distinct evaluation_id as id from jobs
        where build_id = any ($1) and evaluation_id = any ($2)`,
      [builds, evaluations],
    );
    return rows.map(({ id }) => id);
  }

  /** The names of the specifications that the evaluations are of. */
  async specifications(evaluations: readonly number[]): Promise<readonly string[]> {
    const rows = await this.database.query<{ name: string }>(
      `select distinct s.name from evaluations e join specifications s on s.id = e.specification_id
        where e.id = any ($1)`,
      [evaluations],
    );
    return rows.map(({ name }) => name);
  }

  /** The latest evaluations of the specifications of these names: their pages show them. */
  async latestOf(names: readonly string[], each: number): Promise<readonly number[]> {
    const rows = await this.database.query<{ id: number }>(
      `select e.id from specifications s
        cross join lateral (select id from evaluations where specification_id = s.id
                             order by id desc limit $2) e
        where s.name = any ($1) and s.archived_at is null`,
      [names, each],
    );
    return rows.map(({ id }) => id);
  }
}
