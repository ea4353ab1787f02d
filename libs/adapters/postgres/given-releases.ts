/**
 * Evaluations that were given to people under a name. (The planner's releases of tickets are
 * another thing: see release-store.ts.)
 */
import type { ReleaseAnswer, ReleaseRequest } from '#protocol/api/retention.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import { err, ok, type Result } from '#std/result.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

export type ReleaseRefusal =
  | { readonly kind: 'no-evaluation' }
  | { readonly kind: 'pruned' }
  | { readonly kind: 'not-succeeded'; readonly status: EvaluationStatus };

interface ReleaseRow extends Row {
  readonly id: number;
  readonly name: string;
  readonly evaluation_id: number;
  readonly specification: string;
  readonly note: string;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly expired: boolean;
}

const columns = `r.id, r.name, r.evaluation_id, s.name as specification, r.note, r.created_at,
  r.expires_at, coalesce(r.expires_at <= now(), false) as expired`;
const origin = `join evaluations e on e.id = r.evaluation_id
  join specifications s on s.id = e.specification_id`;

interface EvaluationRow {
  readonly status: EvaluationStatus;
  readonly pruned: boolean;
}

export class GivenReleases {
  constructor(private readonly database: Database) {}

  /** The same name and evaluation again: the note and the expiry are written anew. */
  create(request: ReleaseRequest): Promise<Result<ReleaseAnswer, ReleaseRefusal>> {
    const { name, evaluation, note, expiresAt } = request;
    return this.database.transaction(async (client) => {
      // Whoever prunes the evaluation waits for this, and looks for releases after that.
      const found = await client.query<EvaluationRow>(
        `select status, pruned_at is not null as pruned from evaluations
          where id = $1 for share`,
        [evaluation],
      );
      const [standing] = found.rows;
      if (!standing) return err({ kind: 'no-evaluation' });
      if (standing.pruned) return err({ kind: 'pruned' });
      const { status } = standing;
      if (status !== 'succeeded') return err({ kind: 'not-succeeded', status });
      const { rows } = await client.query<ReleaseRow>(
        `with r as (
           insert into releases (name, evaluation_id, note, expires_at) values ($1, $2, $3, $4)
           on conflict (name, evaluation_id) do update
              set note = excluded.note, expires_at = excluded.expires_at returning *)
         select ${columns} from r ${origin}`,
        [name, evaluation, note, expiresAt ?? null],
      );
      return ok(releaseOf(rows[0]!));
    });
  }

  /** The newest first; expired ones stay as history. */
  async list(name: string | null): Promise<ReleaseAnswer[]> {
    const rows = await this.database.query<ReleaseRow>(
      `select ${columns} from releases r ${origin}
        where $1::text is null or r.name = $1 order by r.id desc`,
      [name],
    );
    return rows.map(releaseOf);
  }

  async remove(release: number): Promise<boolean> {
    return (await this.database.execute('delete from releases where id = $1', [release])) === 1;
  }
}

function releaseOf(row: ReleaseRow): ReleaseAnswer {
  return {
    id: String(row.id),
    name: row.name,
    evaluation: String(row.evaluation_id),
    specification: row.specification,
    note: row.note,
    createdAt: iso(row.created_at),
    expiresAt: iso(row.expires_at),
    expired: row.expired,
  };
}
