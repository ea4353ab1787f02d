/** Access tokens in Postgres. */
import type { Actor, Role } from '#domain/access/actor.js';
import { takesPushes, type Access } from '#domain/access/token-scope.js';
import { id, type TokenId } from '#domain/ids.js';
import type { Store } from '#domain/substitute/store.js';
import type {
  NewToken,
  TokenGrant,
  TokenRecord,
  TokenRefusal,
  TokenStore,
} from '#application/ports/token-store.js';
import type { Client, Database, Prepared, Row } from './database.js';

interface GrantRow extends Row {
  readonly id: number;
  readonly store: string | null;
  readonly specification: string | null;
  readonly access: Access;
}

interface ActorRow extends Row {
  readonly id: number;
  readonly name: string;
  readonly role: Role;
  readonly specifications: readonly string[] | null;
}

interface RecordRow extends GrantRow {
  readonly name: string;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used_at: Date | null;
}

const grantColumns = `t.id, t.access,
  (select slug from stores where id = t.store_id) as store,
  (select name from specifications where id = t.specification_id) as specification`;
const recordColumns = `${grantColumns}, t.name, t.created_at, t.expires_at, t.revoked_at,
  t.last_used_at`;

/** What makes a row of access_tokens good, wherever it is asked for. */
export const tokenGood = `t.revoked_at is null and (t.expires_at is null or t.expires_at > now())`;

/** The use is noted seldom, or every upload of a push would write to the one row. */
const found = `
  with found as (select * from access_tokens t where t.token_hash = $1 and ${tokenGood}),
  noted as (
    update access_tokens u set last_used_at = now() from found
     where u.id = found.id
       and (u.last_used_at is null or u.last_used_at < now() - interval '10 seconds'))`;
const useToken: Prepared = {
  name: 'use-token',
  text: `${found} select ${grantColumns} from found t`,
};

/** Null stands for all specifications. */
const boundTo = `case when not t.all_specifications then array(
    select s.name from access_token_specifications b
      join specifications s on s.id = b.specification_id
     where b.token_id = t.id and s.archived_at is null order by s.name) end as specifications`;
const actorOfToken: Prepared = {
  name: 'actor-of-token',
  text: `${found} select t.id, t.name, t.role, ${boundTo} from found t where t.role is not null`,
};

export class PostgresTokenStore implements TokenStore {
  constructor(private readonly database: Database) {}

  async use(hash: string): Promise<TokenGrant | null> {
    const [row] = await this.database.query<GrantRow>(useToken, [hash]);
    return row ? grantOf(row) : null;
  }

  /** Whoever acts by a token that has a role; null when it has none, or is not good now. */
  async actorOf(hash: string): Promise<Actor | null> {
    const [row] = await this.database.query<ActorRow>(actorOfToken, [hash]);
    if (!row) return null;
    const { name, role, specifications } = row;
    const bound = specifications ?? 'all';
    const token = id<TokenId>(row.id);
    return { name, via: 'token', role, specifications: bound, token, fingerprint: null };
  }

  async create(token: NewToken): Promise<TokenRecord | TokenRefusal> {
    return this.database.transaction(async (client) => {
      const store = await storeOf(client, token);
      if (store && 'kind' in store) return store;
      const specification = await specificationOf(client, token);
      if (specification && 'kind' in specification) return specification;
      const { rows } = await client.query<RecordRow>(
        `insert into access_tokens as t
           (token_hash, name, store_id, specification_id, access, expires_at)
         values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))
         returning ${recordColumns}`,
        [
          ...[token.hash, token.name, store?.id ?? null, specification?.id ?? null],
          ...[token.scope.access, token.lifeSeconds],
        ],
      );
      return recordOf(rows[0]!);
    });
  }

  async list(): Promise<TokenRecord[]> {
    const rows = await this.database.query<RecordRow>(
      `select ${recordColumns} from access_tokens t order by t.id desc`,
    );
    return rows.map(recordOf);
  }

  async revoke(token: TokenId): Promise<boolean> {
    const touched = await this.database.execute(
      'update access_tokens set revoked_at = coalesce(revoked_at, now()) where id = $1',
      [token],
    );
    return touched > 0;
  }
}

interface Found {
  readonly id: number;
}

async function storeOf(client: Client, { scope }: NewToken): Promise<Found | TokenRefusal | null> {
  const { store: slug, access } = scope;
  if (slug === null) return null;
  const { rows } = await client.query<{ id: number; of: Store['kind'] }>(
    'select id, kind as of from stores where slug = $1 for key share',
    [slug],
  );
  const [row] = rows;
  if (!row) return { kind: 'unknown-store', slug };
  if (access === 'write' && !takesPushes(row.of)) return { kind: 'not-for-pushes', slug };
  return { id: row.id };
}

async function specificationOf(
  client: Client,
  { scope }: NewToken,
): Promise<Found | TokenRefusal | null> {
  const { specification: name } = scope;
  if (name === null) return null;
  const { rows } = await client.query<Found>(
    'select id from specifications where name = $1 and archived_at is null for key share',
    [name],
  );
  return rows[0] ?? { kind: 'unknown-specification', name };
}

function grantOf({ id: token, store, specification, access }: GrantRow): TokenGrant {
  return { token: id<TokenId>(token), scope: { store, specification, access } };
}

function recordOf(row: RecordRow): TokenRecord {
  return {
    ...grantOf(row),
    name: row.name,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
