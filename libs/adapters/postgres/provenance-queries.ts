/** What an evaluation read, for whoever does it again. */
import { id, type EvaluationId } from '#domain/ids.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import type { Specification } from '#domain/specification/specification.js';
import { checkoutsOf } from './checkout-rows.js';
import type { Database } from './database.js';

export interface Provenance {
  readonly evaluation: EvaluationId;
  /** As the evaluation's version of the specification says it. */
  readonly specification: Specification;
  /** Addresses may hold passwords. */
  readonly checkouts: readonly ChannelRevision[];
}

export class ProvenanceQueries {
  constructor(private readonly database: Database) {}

  async find(evaluation: EvaluationId): Promise<Provenance | null> {
    return this.database.transaction(async (client) => {
      const { rows } = await client.query<{ document: Specification }>(
        `select v.document from evaluations e join specification_versions v
             on v.specification_id = e.specification_id and v.version = e.specification_version
          where e.id = $1`,
        [evaluation],
      );
      const specification = rows[0]?.document;
      if (!specification) return null;
      return { evaluation, specification, checkouts: await checkoutsOf(client, evaluation) };
    });
  }

  /** The newest evaluation of a specification that was read to its end. */
  async latest(specification: string): Promise<EvaluationId | null> {
    const [row] = await this.database.query<{ id: number }>(
      `select e.id from specifications s
        cross join lateral (select id from evaluations
                             where specification_id = s.id and status = 'succeeded'
                             order by id desc limit 1) e
        where s.name = $1 and s.archived_at is null`,
      [specification],
    );
    return row ? id<EvaluationId>(row.id) : null;
  }
}
