/**
 * The audit log in Postgres. Entries are appended one after the other, under the lock of the one
 * row of audit_head; nothing here changes or removes one, and triggers keep everybody from it.
 */
import { sha256OfUtf8 } from '#formats/hash.js';
import {
  hashOf,
  type AuditActor,
  type AuditEntry,
  type AuditHead,
  type ChainedEntry,
  type Json,
} from '#domain/access/audit-chain.js';
import type { Client, Database, Row } from './database.js';

export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at' | 'previous'>;
/** What is written before a change, for the case that nobody is left to tell of it after. */
export type BegunChange = Pick<AuditEntry, 'actor' | 'action' | 'subject' | 'asked'>;

interface HeadRow extends Row {
  id: number;
  hash: string;
}

interface BegunRow extends Row {
  id: number;
  actor: AuditActor;
  action: string;
  subject: string;
  asked: Json;
}

export class AuditStore {
  constructor(private readonly database: Database) {}

  /** The number under which `append` and `forget` know it. */
  async begin({ actor, action, subject, asked }: BegunChange): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(
      `insert into audit_under_way (actor, action, subject, asked) values ($1, $2, $3, $4)
       returning id`,
      [JSON.stringify(actor), action, subject, JSON.stringify(asked)],
    );
    return row!.id;
  }

  /** Nothing was changed after all. */
  async forget(begun: number): Promise<void> {
    await this.database.execute('delete from audit_under_way where id = $1', [begun]);
  }

  append(entry: NewAuditEntry, begun: number | null = null): Promise<ChainedEntry> {
    return this.database.transaction(async (client) => {
      if (begun !== null) await client.query('delete from audit_under_way where id = $1', [begun]);
      return appendLast(client, entry);
    });
  }

  /** Writes entries for changes that were begun so long ago and of which nobody told the end. */
  async settleForgotten(seconds: number): Promise<number> {
    return this.database.transaction(async (client) => {
      const { rows } = await client.query<BegunRow>(
        `with old as (
           select id from audit_under_way where begun_at < now() - make_interval(secs => $1)
            order by id limit 1000 for update skip locked)
         delete from audit_under_way u using old where u.id = old.id
         returning u.id, u.actor, u.action, u.subject, u.asked`,
        [seconds],
      );
      for (const row of rows.sort((a, b) => a.id - b.id)) {
        const { actor, action, subject, asked } = row;
        const ended = { outcome: 'unknown', before: null, after: null } as const;
        await appendLast(client, { actor, action, subject, asked, ...ended });
      }
      return rows.length;
    });
  }

  async head(): Promise<AuditHead> {
    const [row] = await this.database.query<HeadRow>('select id, hash from audit_head');
    return { id: row!.id, hash: row!.hash };
  }
}

/** The clock is read under the lock, so that later entries do not bear earlier times. */
async function appendLast(client: Client, entry: NewAuditEntry): Promise<ChainedEntry> {
  const { rows } = await client.query<HeadRow>('select id, hash from audit_head for update');
  const { rows: times } = await client.query<{ at: string }>(
    `select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at`,
  );
  const head = rows[0]!;
  const whole = { ...entry, id: head.id + 1, at: times[0]!.at, previous: head.hash };
  const chained = { ...whole, hash: hashOf(whole, sha256OfUtf8) };
  await client.query(insertEntry, valuesOf(chained));
  await client.query('update audit_head set id = $1, hash = $2', [chained.id, chained.hash]);
  return chained;
}

const insertEntry = `
  insert into audit_entries
    (id, recorded_at, actor_name, actor_via, actor_role, token_id, fingerprint, action, subject,
     outcome, asked, before, after, previous_hash, hash)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`;

function valuesOf(entry: ChainedEntry): unknown[] {
  const { name, via, role, token, fingerprint } = entry.actor;
  return [
    ...[entry.id, entry.at, name, via, role, token, fingerprint, entry.action, entry.subject],
    ...[entry.outcome, json(entry.asked), json(entry.before), json(entry.after)],
    ...[entry.previous, entry.hash],
  ];
}

/** The driver would make an array of Postgres of a list. */
function json(value: Json): string {
  return JSON.stringify(value);
}
