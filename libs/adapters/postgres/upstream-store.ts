/** Upstreams, and what is believed of them, in Postgres. */
import type { Believed, Dormant, UpstreamStore } from '#application/ports/upstream-store.js';
import { dialectOf } from '#domain/substitute/store.js';
import type { Upstream, UpstreamId } from '#domain/substitute/upstream.js';
import type { Database, Row } from './database.js';

interface UpstreamRow extends Row {
  readonly id: number;
  readonly slug: string;
  readonly dir: string;
  readonly url: string;
  readonly public_keys: readonly string[];
  readonly timeout_seconds: number;
}

export interface BelievedRow extends Row {
  readonly upstream_id: number;
  readonly path: string;
  readonly nar_hash: string;
  readonly references: readonly string[];
  readonly deriver: string | null;
  readonly ca: string | null;
  readonly narinfo: string;
}

const hashPartLength = 32;
const writtenAtOnce = 2000;

export class PostgresUpstreamStore implements UpstreamStore {
  constructor(private readonly database: Database) {}

  upstreams(): Promise<readonly Upstream[]> {
    return this.list(false);
  }

  /** Of the stores that leave to them what they have. */
  relied(): Promise<readonly Upstream[]> {
    return this.list(true);
  }

  private async list(isRelied: boolean): Promise<readonly Upstream[]> {
    const rows = await this.database.query<UpstreamRow>(
      `select u.id, s.slug, s.dir, u.url, u.public_keys, u.timeout_seconds
         from upstreams u join stores s on s.id = u.store_id
        where u.removed_at is null and (s.mode = 'rely' or not $1)
        order by u.position, u.id`,
      [isRelied],
    );
    return rows.map(({ public_keys: publicKeys, timeout_seconds: timeoutSeconds, ...row }) => ({
      ...row,
      publicKeys,
      timeoutSeconds,
      dialect: dialectOf(row),
    }));
  }

  async offered(slug: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
    if (paths.length === 0) return new Set();
    const rows = await this.database.query<{ path: string }>(
      `select path from store_paths
        where store_id = (select id from stores where slug = $1)
          and hash_part = any(string_to_array($2, ' ')) and withdrawn_at is null`,
      [slug, hashParts(paths)],
    );
    const offered = new Set(rows.map((row) => row.path));
    return new Set(paths.filter((path) => offered.has(path)));
  }

  async believed(
    slug: string,
    paths: readonly string[],
    seconds: number,
  ): Promise<readonly Believed[]> {
    if (paths.length === 0) return [];
    const rows = await this.database.query<BelievedRow>(
      `select upstream_id, path, nar_hash, "references", deriver, ca, narinfo
         from upstream_paths
        where store_id = (select id from stores where slug = $1)
          and hash_part = any(string_to_array($2, ' '))
          and seen_at > now() - make_interval(secs => $3)`,
      [slug, hashParts(paths), seconds],
    );
    const wanted = new Set(paths);
    return rows.filter((row) => wanted.has(row.path)).map(believedOf);
  }

  async believe(slug: string, seen: readonly Believed[]): Promise<void> {
    const ordered = [...new Map(seen.map((one) => [one.offering.path, one])).values()].sort(
      (a, b) => (a.offering.path < b.offering.path ? -1 : 1),
    );
    for (let at = 0; at < ordered.length; at += writtenAtOnce) {
      await this.write(slug, ordered.slice(at, at + writtenAtOnce));
    }
  }

  async dormant(slug: string, derivations: readonly string[]): Promise<readonly Dormant[]> {
    if (derivations.length === 0) return [];
    return this.database.query<Dormant & Row>(
      `select d.path as name,
              array(select o.path from outputs o where o.derivation_id = d.id) as outputs,
              array(select i.path from derivation_inputs e join derivations i on i.id = e.input_id
                     where e.derivation_id = d.id) as inputs
         from derivations d join builds b on b.id = d.id
        where d.store_id = (select id from stores where slug = $1)
          and d.path = any(string_to_array($2, ' ')) and b.status = 'canceled'`,
      [slug, derivations.join(' ')],
    );
  }

  async noteHealth(upstream: UpstreamId, fault: string | null): Promise<void> {
    await this.database.execute(
      `update upstreams
          set fault = $2,
              failing_since = case when $2::text is null then null
                                   else coalesce(failing_since, now()) end,
              answered_at = case when $2::text is null then now() else answered_at end
        where id = $1`,
      [upstream, fault?.slice(0, 500) ?? null],
    );
  }

  /** By hash part, so that two who write the same do not wait for each other in a circle. */
  private async write(slug: string, seen: readonly Believed[]): Promise<void> {
    await this.database.execute(
      `insert into upstream_paths
         (store_id, hash_part, path, upstream_id, nar_hash, "references", deriver, ca, narinfo,
          seen_at)
       select (select id from stores where slug = $1), left(t.path, ${hashPartLength}), t.path,
              t.upstream, t.nar_hash, string_to_array(t."references", ' '), t.deriver, t.ca,
              t.narinfo, now()
         from unnest($2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                     $8::text[])
                t (upstream, path, nar_hash, "references", deriver, ca, narinfo)
       on conflict (store_id, hash_part) do update
          set path = excluded.path, upstream_id = excluded.upstream_id,
              nar_hash = excluded.nar_hash, "references" = excluded."references",
              deriver = excluded.deriver, ca = excluded.ca, narinfo = excluded.narinfo,
              seen_at = excluded.seen_at`,
      [
        slug,
        seen.map((one) => one.upstream),
        seen.map((one) => one.offering.path),
        seen.map((one) => one.offering.narHash),
        seen.map((one) => one.offering.references.join(' ')),
        seen.map((one) => one.offering.deriver),
        seen.map((one) => one.offering.ca),
        seen.map((one) => one.offering.text),
      ],
    );
  }
}

export function believedOf(row: BelievedRow): Believed {
  const { path, nar_hash: narHash, references, deriver, ca, narinfo: text } = row;
  const offering = { path, narHash, references, deriver, ca, text };
  return { upstream: row.upstream_id, offering };
}

function hashParts(paths: readonly string[]): string {
  return paths.map((path) => path.slice(0, hashPartLength)).join(' ');
}
