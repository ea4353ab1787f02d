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
  readonly role: Role | null;
  readonly specifications: readonly string[] | null;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  readonly last_used_at: Date | null;
}

const grantColumns = `t.id, t.access,
  (select slug from stores where id = t.store_id) as store,
  (select name from specifications where id = t.specification_id) as specification`;
/** Null stands for all specifications. */
const boundTo = `case when not t.all_specifications then array(
    select s.name from access_token_specifications b
      join specifications s on s.id = b.specification_id
     where b.token_id = t.id and s.archived_at is null order by s.name) end as specifications`;
const recordColumns = `${grantColumns}, t.name, t.created_at, t.expires_at, t.revoked_at,
  t.last_used_at, t.role, ${boundTo}`;

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

const actorOfToken: Prepared = {
  name: 'actor-of-token',
  text: `${found} select t.id, t.name, t.role, ${boundTo} from found t where t.role is not null`,
};

const insertToken = `
  with made as (
    insert into access_tokens
      (token_hash, name, store_id, specification_id, access, expires_at, role, all_specifications)
    values ($1, $2, $3, $4, $5, now() + make_interval(secs => $6), $7, $8)
    returning id),
  bound as (
    insert into access_token_specifications (token_id, specification_id)
    select made.id, specification from made, unnest($9::bigint[]) as specification)
  select id from made`;

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
      const bound = await boundIds(client, token);
      if ('kind' in bound) return bound;
      const { rows } = await client.query<{ id: number }>(insertToken, [
        ...[token.hash, token.name, store?.id ?? null, specification?.id ?? null],
        ...[token.scope.access, token.lifeSeconds, token.acts?.role ?? null],
        ...[token.acts !== null && token.acts.specifications === null, bound.ids],
      ]);
      const made = await client.query<RecordRow>(
        `select ${recordColumns} from access_tokens t where t.id = $1`,
        [rows[0]!.id],
      );
      return recordOf(made.rows[0]!);
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

/** Every one of the specifications to which its role is bound. */
async function boundIds(
  client: Client,
  { acts }: NewToken,
): Promise<{ readonly ids: readonly number[] } | TokenRefusal> {
  const names = [...new Set(acts?.specifications ?? [])];
  const { rows } = await client.query<Found & { name: string }>(
    `select id, name from specifications where name = any($1) and archived_at is null
      for key share`,
    [names],
  );
  const missing = names.find((name) => !rows.some((row) => row.name === name));
  if (missing !== undefined) return { kind: 'unknown-specification', name: missing };
  return { ids: rows.map((row) => row.id) };
}

function grantOf({ id: token, store, specification, access }: GrantRow): TokenGrant {
  return { token: id<TokenId>(token), scope: { store, specification, access } };
}

function recordOf(row: RecordRow): TokenRecord {
  return {
    ...grantOf(row),
    name: row.name,
    acts: row.role && { role: row.role, specifications: row.specifications },
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    lastUsedAt: row.last_used_at,
  };
}
