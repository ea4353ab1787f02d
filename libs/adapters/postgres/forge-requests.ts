/** Pull requests and how they are built, in Postgres. */
import type {
  KnownRequest,
  RequestKey,
  RequestNote,
  RequestStore,
} from '#application/ports/forge-requests.js';
import type { RequestState } from '#domain/forge/decide-request.js';
import type { Admission, RequestTemplate } from '#domain/forge/request-template.js';
import { id, type ForgeId, type SpecificationId } from '#domain/ids.js';
import type { Database, Row } from './database.js';

export interface TemplateRow extends Row {
  readonly id: number;
  readonly forge_id: number;
  readonly repository: string;
  readonly specification: string;
  readonly admits: Admission;
  readonly label: string | null;
  readonly allowed: readonly string[];
  readonly requests_at_most: number;
  readonly priority: number;
  readonly max_running: number;
  readonly expiry_hours: number;
}

interface RequestRow extends Row {
  readonly template_id: number;
  readonly number: number;
  readonly name: string;
  readonly specification_id: number | null;
  readonly revision: string;
  readonly state: RequestState;
  readonly updated_at: Date;
}

export class PostgresRequestStore implements RequestStore {
  constructor(private readonly database: Database) {}

  async templates(forge: ForgeId, repository: string): Promise<readonly RequestTemplate[]> {
    const rows = await this.database.query<TemplateRow>(
      `select * from forge_templates
        where forge_id = $1 and repository = $2 and removed_at is null order by id`,
      [forge, repository],
    );
    return rows.map(templateOf);
  }

  async find({ template, number }: RequestKey): Promise<KnownRequest | null> {
    const [row] = await this.database.query<RequestRow>(
      'select * from forge_requests where template_id = $1 and number = $2',
      [template, number],
    );
    return row ? knownOf(row) : null;
  }

  async countOpen(template: number): Promise<number> {
    const [row] = await this.database.query<{ open: number }>(
      `select count(*) as open from forge_requests where template_id = $1 and state = 'open'`,
      [template],
    );
    return row?.open ?? 0;
  }

  async note(note: RequestNote): Promise<void> {
    const { template, number, name, specification, revision, state } = note;
    await this.database.execute(
      `insert into forge_requests as r
         (template_id, number, name, specification_id, revision, state, updated_at, expires_at)
       values ($1, $2, $3, $4, $5, $6, $7, now() + make_interval(hours => coalesce($8::int, 0)))
       on conflict (template_id, number) do update
          set name = excluded.name, specification_id = excluded.specification_id,
              revision = excluded.revision, state = excluded.state,
              updated_at = excluded.updated_at,
              expires_at = case when $8::int is null then r.expires_at
                                else excluded.expires_at end`,
      [
        ...[template, number, name, specification, revision, state],
        ...[note.updatedAt, note.expiryHours],
      ],
    );
  }

  async overdue(limit: number): Promise<readonly (RequestKey & KnownRequest)[]> {
    const rows = await this.database.query<RequestRow>(
      `select r.* from forge_requests r
         join forge_templates t on t.id = r.template_id join forges f on f.id = t.forge_id
        where r.state = 'open'
          and (r.expires_at <= now() or t.removed_at is not null or f.removed_at is not null)
        order by r.expires_at limit $1`,
      [limit],
    );
    return rows.map((row) => ({
      ...{ template: row.template_id, number: row.number },
      ...knownOf(row),
    }));
  }

  async end({ template, number }: RequestKey, state: RequestState): Promise<void> {
    await this.database.execute(
      'update forge_requests set state = $3 where template_id = $1 and number = $2',
      [template, number, state],
    );
  }
}

export function templateOf(row: TemplateRow): RequestTemplate {
  const { repository, specification, admits, label, allowed, priority } = row;
  return {
    ...{ id: row.id, forge: id<ForgeId>(row.forge_id), repository, specification },
    ...{ admits, label, allowed, priority },
    requestsAtMost: row.requests_at_most,
    maxRunning: row.max_running,
    expiryHours: row.expiry_hours,
  };
}

function knownOf(row: RequestRow): KnownRequest {
  const { name, revision, state, specification_id: specification } = row;
  return {
    ...{ name, revision, state, updatedAt: row.updated_at },
    specification: specification === null ? null : id<SpecificationId>(specification),
  };
}
