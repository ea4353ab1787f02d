/** Reads the audit log: newest first by filters, for people; whole and in order, to verify it. */
import type { AuditOutcome, ChainedEntry, Json } from '#domain/access/audit-chain.js';
import type { Role, Via } from '#domain/access/actor.js';
import type { Database, Row } from './database.js';
import { literally } from './reading.js';

interface EntryRow extends Row {
  id: number;
  recorded_at: Date;
  actor_name: string;
  actor_via: Via;
  actor_role: Role;
  token_id: number | null;
  fingerprint: string | null;
  action: string;
  subject: string;
  outcome: AuditOutcome;
  asked: Json;
  before: Json;
  after: Json;
  previous_hash: string;
  hash: string;
}

export interface AuditFilter {
  /** Entries before this number; absent: from the newest on. */
  readonly before?: number | undefined;
  readonly limit: number;
  readonly actor?: string | undefined;
  readonly action?: string | undefined;
  /** `worker/7`, or `worker/` for all workers. */
  readonly subject?: string | undefined;
}

export class AuditQueries {
  constructor(private readonly database: Database) {}

  /** Newest first. */
  async list(filter: AuditFilter): Promise<ChainedEntry[]> {
    const { before, limit, actor, action, subject } = filter;
    // Each wish is a condition of its own, so that its index serves it.
    const wishes: [condition: string, value: unknown][] = [
      ['id <', before],
      ['actor_name =', actor],
      ['action =', action],
      subject?.endsWith('/') ? ['subject like', `${literally(subject)}%`] : ['subject =', subject],
    ];
    const given = wishes.filter(([, value]) => value !== undefined);
    const conditions = given.map(([condition], index) => `${condition} $${index + 2}`);
    const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
    const rows = await this.database.query<EntryRow>(
      `select * from audit_entries ${where} order by id desc limit $1`,
      [limit, ...given.map(([, value]) => value)],
    );
    return rows.map(entryOf);
  }

  async find(id: number): Promise<ChainedEntry | null> {
    const [row] = await this.database.query<EntryRow>('select * from audit_entries where id = $1', [
      id,
    ]);
    return row ? entryOf(row) : null;
  }

  /** So many after this number, oldest first. */
  async some(after: number, limit: number): Promise<ChainedEntry[]> {
    const rows = await this.database.query<EntryRow>(
      'select * from audit_entries where id > $1 order by id limit $2',
      [after, limit],
    );
    return rows.map(entryOf);
  }

  /** All after this number, a bounded number at a time. */
  async *after(id: number, atATime = 1000): AsyncGenerator<ChainedEntry> {
    for (let last = id; ;) {
      const entries = await this.some(last, atATime);
      yield* entries;
      const end = entries.at(-1);
      if (!end || entries.length < atATime) return;
      last = end.id;
    }
  }
}

function entryOf(row: EntryRow): ChainedEntry {
  return {
    id: row.id,
    at: row.recorded_at.toISOString(),
    actor: {
      name: row.actor_name,
      via: row.actor_via,
      role: row.actor_role,
      token: row.token_id === null ? null : String(row.token_id),
      fingerprint: row.fingerprint,
    },
    action: row.action,
    subject: row.subject,
    outcome: row.outcome,
    asked: row.asked,
    before: row.before,
    after: row.after,
    previous: row.previous_hash,
    hash: row.hash,
  };
}
