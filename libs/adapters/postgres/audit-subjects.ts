/**
 * How the subject of a change stands, for the audit log's before and after; and which
 * specifications it belongs to, for who may change some of them alone. Reads no secrets.
 */
import type { Json } from '#domain/access/audit-chain.js';
import type { Database, Row } from './database.js';

/** Each answers at most one row with `standing`; $1 is what stands after the kind. */
const standings: Readonly<Record<string, string>> = {
  specification: `
    select v.document || jsonb_build_object('version', s.version, 'managedBy', s.managed_by)
      as standing
      from specifications s
      join specification_versions v on v.specification_id = s.id and v.version = s.version
     where s.name = $1 and s.archived_at is null`,
  evaluation: `
    select jsonb_build_object('status', status, 'canceled', canceled_at is not null) as standing
      from evaluations where id = $1::bigint`,
  build: `
    select jsonb_build_object('status', status, 'priority', priority) as standing
      from builds where id = $1::bigint`,
  worker: `
    select jsonb_build_object('name', name, 'draining', draining, 'note', pause_note,
             'paused', paused_at is not null, 'pauseUntil', pause_until,
             'removed', removed_at is not null) as standing
      from workers where id = $1::bigint`,
  token: `
    select jsonb_build_object('name', name, 'role', role, 'access', access,
             'expiresAt', expires_at, 'revoked', revoked_at is not null) as standing
      from access_tokens where id = $1::bigint`,
  store: `select to_jsonb(s) as standing from stores s where slug = $1`,
  upstream: `
    select jsonb_build_object('url', url, 'publicKeys', public_keys, 'position', position,
             'removed', removed_at is not null) as standing
      from upstreams where id = $1::bigint`,
  forge: `
    select jsonb_build_object('kind', kind, 'address', address, 'apiAddress', api_address,
             'secrets', secrets, 'statusCredential', status_credential) as standing
      from forges where name = $1 and removed_at is null`,
  repository: `
    select jsonb_build_object('url', url, 'branch', branch, 'files', files, 'adopt', adopt,
             'periodSeconds', period_seconds) as standing
      from followed_repositories where name = $1`,
  pin: `
    select jsonb_build_object('path', path, 'note', note, 'expiresAt', expires_at) as standing
      from pins where id = $1::bigint`,
  release: `
    select jsonb_build_object('name', name, 'evaluation', evaluation_id, 'note', note,
             'expiresAt', expires_at) as standing
      from releases where id = $1::bigint`,
};

const owners: Readonly<Record<string, string>> = {
  evaluation: `
    select s.name from evaluations e join specifications s on s.id = e.specification_id
     where e.id = $1::bigint`,
  build: `
    select distinct s.name
      from (select evaluation_id from jobs where build_id = $1::bigint
             order by evaluation_id desc limit 1000) j
      join evaluations e on e.id = j.evaluation_id
      join specifications s on s.id = e.specification_id
     where s.archived_at is null`,
};

export class AuditSubjects {
  constructor(private readonly database: Database) {}

  /** Null: there is none such, or nothing is known of its kind. */
  async standing(subject: string): Promise<Json> {
    const [kind, key] = split(subject);
    const [row] = await this.ask<{ standing: Json }>(standings[kind], key);
    return row?.standing ?? null;
  }

  /** Names; of a build those of the specifications that have it among their newest jobs. */
  async specificationsOf(subject: string): Promise<string[]> {
    const [kind, key] = split(subject);
    if (kind === 'specification') return key === '' ? [] : [key];
    const rows = await this.ask<{ name: string }>(owners[kind], key);
    return rows.map(({ name }) => name);
  }

  private async ask<T extends Row>(text: string | undefined, key: string): Promise<T[]> {
    if (text === undefined || key === '') return [];
    if (text.includes('$1::bigint') && !/^[1-9]\d{0,15}$/.test(key)) return [];
    return this.database.query<T>(text, [key]);
  }
}

function split(subject: string): [kind: string, key: string] {
  const [kind = '', ...rest] = subject.split('/');
  return [kind, rest.join('/')];
}
