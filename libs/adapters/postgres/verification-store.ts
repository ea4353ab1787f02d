/** Verifications and the position of the scrub, in Postgres. */
import type {
  Orphans,
  Seen,
  Verification,
  VerificationStore,
} from '#application/ports/verification-store.js';
import type { Database, Row } from './database.js';

interface NextRow extends Row, Omit<Verification, 'after'> {
  readonly after_path: number;
}

export class PostgresVerificationStore implements VerificationStore {
  constructor(private readonly database: Database) {}

  async next(): Promise<Verification | null> {
    const rows = await this.database.query<NextRow>(
      `update verifications set started_at = coalesce(started_at, now())
        where id = (select id from verifications where ended_at is null order by id limit 1)
       returning id, store_id as store, share, seed, repair, after_path`,
    );
    if (!rows[0]) return null;
    const { after_path: after, ...verification } = rows[0];
    return { ...verification, after };
  }

  async advance(verification: number, after: number, seen: Seen): Promise<void> {
    await this.database.execute(
      `update verifications
          set after_path = $2, paths = paths + $3, bytes = bytes + $4, broken = broken + $5,
              incomplete = incomplete + $6
        where id = $1`,
      [verification, after, seen.paths, seen.bytes, seen.broken, seen.incomplete],
    );
  }

  async end(verification: number, orphans: Orphans, fault: string | null): Promise<void> {
    await this.database.execute(
      `update verifications
          set ended_at = now(), orphans = $2, orphan_bytes = $3, fault = $4
        where id = $1 and ended_at is null`,
      [verification, orphans.files, orphans.bytes, fault],
    );
  }

  async scrub(hoursBetween: number): Promise<number | null> {
    const rows = await this.database.query<{ after_path: number }>(
      `select after_path from scrub_position
        where after_path > 0 or last_round_began is null
           or last_round_began < now() - make_interval(secs => 3600 * $1::float8)`,
      [hoursBetween],
    );
    return rows[0]?.after_path ?? null;
  }

  async advanceScrub(after: number | null, seen: Seen): Promise<void> {
    await this.database.execute(
      `update scrub_position
          set after_path = coalesce($1, 0),
              round_began_at = case when after_path = 0 then now() else round_began_at end,
              paths = case when after_path = 0 then 0 else paths end + $2,
              bytes = case when after_path = 0 then 0 else bytes end + $3,
              broken = case when after_path = 0 then 0 else broken end + $4`,
      [after, seen.paths, seen.bytes, seen.broken],
    );
    if (after !== null) return;
    await this.database.execute(
      `update scrub_position
          set last_round_began = round_began_at, last_round_ended = now(),
              last_round_paths = paths`,
    );
  }
}
