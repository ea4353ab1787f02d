/** Answers that are kept for whoever sends the same request again, for a day. */
import type { Database, Row } from './database.js';

export interface KeptRequest {
  readonly asker: string;
  readonly key: string;
  /** What was asked, as a digest. */
  readonly request: string;
}

export interface KeptAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export type Begun =
  | { readonly kind: 'begun' }
  | { readonly kind: 'other' | 'under-way' | 'told-once' }
  | { readonly kind: 'kept'; readonly answer: KeptAnswer };

interface Kept extends Row {
  readonly request: string;
  readonly under_way: boolean;
  readonly told_once: boolean;
  readonly headers: Record<string, string> | null;
  readonly body: unknown;
}

/** No request takes so long: its process died. */
const deadAfter = '10 minutes';
const keptFor = '24 hours';
/** Old ones are forgotten as new ones come, so many at a time. */
const forgottenAtOnce = 100;

export class KeptAnswers {
  constructor(private readonly database: Database) {}

  /** `begun`: nobody sent it before, and no other will be told so until `end` or `forget`. */
  async begin({ asker, key, request }: KeptRequest): Promise<Begun> {
    await this.database.execute(
      `delete from kept_answers where (asker, key) in
         (select asker, key from kept_answers where began_at < now() - $1::interval
          order by began_at limit $2)`,
      [keptFor, forgottenAtOnce],
    );
    const made = await this.database.query(
      `insert into kept_answers as old (asker, key, request) values ($1, $2, $3)
       on conflict (asker, key) do update
         set request = excluded.request, began_at = now(), ended_at = null, told_once = false,
             headers = null, body = null
         where old.began_at < now() - $4::interval
            or (old.ended_at is null and old.began_at < now() - $5::interval)
       returning 1`,
      [asker, key, request, keptFor, deadAfter],
    );
    if (made.length > 0) return { kind: 'begun' };
    const [row] = await this.database.query<Kept>(
      `select request, ended_at is null as under_way, told_once, headers, body
       from kept_answers where asker = $1 and key = $2`,
      [asker, key],
    );
    return row ? standingOf(row, request) : { kind: 'under-way' };
  }

  /** `answer` null: it was a secret, and is not told twice. */
  async end(
    { asker, key }: Omit<KeptRequest, 'request'>,
    answer: KeptAnswer | null,
  ): Promise<void> {
    await this.database.execute(
      `update kept_answers set ended_at = now(), told_once = $3, headers = $4, body = $5
       where asker = $1 and key = $2`,
      [
        ...[asker, key, answer === null, JSON.stringify(answer?.headers ?? {})],
        JSON.stringify(answer?.body ?? null),
      ],
    );
  }

  /** It was refused, or failed: the key is free again. */
  async forget({ asker, key }: Omit<KeptRequest, 'request'>): Promise<void> {
    await this.database.execute('delete from kept_answers where asker = $1 and key = $2', [
      asker,
      key,
    ]);
  }
}

function standingOf(row: Kept, request: string): Begun {
  if (row.request !== request) return { kind: 'other' };
  if (row.under_way) return { kind: 'under-way' };
  if (row.told_once) return { kind: 'told-once' };
  return { kind: 'kept', answer: { headers: row.headers ?? {}, body: row.body } };
}
