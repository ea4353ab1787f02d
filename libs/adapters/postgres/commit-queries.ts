/** Evaluations by the commits and the pull requests that they are of. */
import type { RequestAnswer } from '#protocol/api/commit.js';
import { cutPage, type Page } from '#protocol/api/page.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

export interface CommitPlace extends Row {
  readonly evaluation: number;
  readonly channels: string[];
}

export interface RequestPlace {
  readonly specification: string;
  readonly model: string;
  readonly revision: string;
  readonly state: RequestAnswer['items'][number]['state'];
  readonly updatedAt: string;
  /** The newest, at most as many as were asked for. */
  readonly evaluations: readonly number[];
}

interface RequestRow extends Row {
  readonly name: string;
  readonly model: string;
  readonly revision: string;
  readonly state: RequestPlace['state'];
  readonly updated_at: Date;
  readonly evaluations: number[];
}

export interface Changes extends Row {
  readonly evaluation: number;
  readonly failures: number;
  readonly successes: number;
}

export class CommitQueries {
  constructor(private readonly database: Database) {}

  /** The first revision that begins so; null when none does. */
  async revision(part: string): Promise<string | null> {
    const [row] = await this.database.query<{ revision: string }>(
      `select revision from checkouts where revision >= $1 order by revision limit 1`,
      [part],
    );
    return row?.revision.startsWith(part) ? row.revision : null;
  }

  async evaluations(
    revision: string,
    { cursor, limit }: { readonly cursor?: string | undefined; readonly limit: number },
  ): Promise<Page<CommitPlace>> {
    const rows = await this.database.query<CommitPlace>(
      `select evaluation_id as evaluation, array_agg(channel order by channel) as channels
         from (select evaluation_id, channel from checkouts
                where revision = $1 and evaluation_id < $2
                order by evaluation_id desc limit $3) c
        group by 1 order by 1 desc`,
      // A few channels of one evaluation may share the commit: as many rows more are read.
      [revision, cursor ?? Number.MAX_SAFE_INTEGER, (limit + 1) * 4],
    );
    return cutPage(rows, limit, ({ evaluation }) => String(evaluation));
  }

  /** One for each model; none for a request that nobody told of. */
  async request(
    of: { readonly forge: string; readonly repository: string; readonly number: number },
    evaluationsAtMost: number,
  ): Promise<RequestPlace[]> {
    const rows = await this.database.query<RequestRow>(
      `select r.name, t.specification as model, r.revision, r.state, r.updated_at,
              array(select e.id from evaluations e where e.specification_id = r.specification_id
                     order by e.id desc limit $4) as evaluations
         from forges f join forge_templates t on t.forge_id = f.id
         join forge_requests r on r.template_id = t.id and r.number = $3
        where f.name = $1 and t.repository = lower($2)
        order by f.id desc, t.specification, t.id desc`,
      [of.forge, of.repository, of.number, evaluationsAtMost],
    );
    return rows.map(({ name, model, revision, state, updated_at, evaluations }) => ({
      ...{ specification: name, model, revision, state },
      updatedAt: iso(updated_at),
      evaluations: evaluations.map(Number),
    }));
  }

  /** Of evaluations that were weighed; nothing of the others. */
  async changes(evaluations: readonly number[]): Promise<Map<number, Changes>> {
    if (evaluations.length === 0) return new Map();
    const rows = await this.database.query<Changes>(
      `select k.evaluation_id as evaluation, k.new_failures as failures,
              k.new_successes as successes
         from evaluation_counts k join evaluations e on e.id = k.evaluation_id
        where k.evaluation_id = any ($1) and e.status = 'succeeded'`,
      [evaluations],
    );
    return new Map(rows.map((row) => [row.evaluation, row]));
  }
}
