/** What the REST API tells of verifications, of the scrub and of what they found. */
import { cutPage, type Page, type PageQuery } from '#protocol/api/page.js';
import type {
  FindingAnswer,
  IntegrityAnswer,
  VerificationAnswer,
} from '#protocol/api/verification.js';
import type { Database, Row } from './database.js';

export interface VerificationWish {
  readonly store: string | null;
  /** In ten thousandths. */
  readonly share: number;
  readonly seed: number;
  readonly repair: boolean;
}

interface VerificationRow extends Row {
  readonly id: number;
  readonly store: string | null;
  readonly share: number;
  readonly repair: boolean;
  readonly requested_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly expected: number;
  readonly paths: number;
  readonly bytes: number;
  readonly broken: number;
  readonly incomplete: number;
  readonly orphans: number;
  readonly orphan_bytes: number;
  readonly fault: string | null;
}

interface FindingRow extends Row {
  readonly id: number;
  readonly found_at: Date;
  readonly found_by: FindingAnswer['foundBy'];
  readonly store: string | null;
  readonly path: string | null;
  readonly file_key: string | null;
  readonly kind: string;
  readonly detail: string;
  readonly done: FindingAnswer['done'];
  readonly build_id: number | null;
}

export class VerificationQueries {
  constructor(private readonly database: Database) {}

  /** How many paths are offered; null when the farm has no such store. */
  async offered(slug: string | null): Promise<number | null> {
    const [row] = await this.database.query<{ known: boolean; paths: number }>(
      `select $1::text is null or exists (select from stores where slug = $1) as known,
              (select count(*) from store_paths p join stores s on s.id = p.store_id
                where p.withdrawn_at is null and ($1 is null or s.slug = $1)) as paths`,
      [slug],
    );
    return row!.known ? row!.paths : null;
  }

  async wish({ store, share, seed, repair }: VerificationWish): Promise<number> {
    const [row] = await this.database.query<{ id: number }>(
      `insert into verifications (store_id, share, seed, repair)
       values ((select id from stores where slug = $1), $2, $3, $4) returning id`,
      [store, share, seed, repair],
    );
    return row!.id;
  }

  async find(verification: number): Promise<VerificationAnswer | null> {
    const [row] = await this.database.query<VerificationRow>(
      `select v.*, s.slug as store,
              case when v.ended_at is not null then v.paths else
                (select count(*) from store_paths p
                  where p.withdrawn_at is null
                    and (v.store_id is null or p.store_id = v.store_id)) end as expected
         from verifications v left join stores s on s.id = v.store_id where v.id = $1`,
      [verification],
    );
    return row ? verificationOf(row) : null;
  }

  /** The newest first when they are those of everybody, else in the order they were found. */
  async findings(verification: number | null, page: PageQuery): Promise<Page<FindingAnswer>> {
    const { cursor = null, limit } = page;
    const beyond = verification === null ? 'f.id < $2' : 'f.id > $2';
    const order = verification === null ? 'desc' : 'asc';
    const rows = await this.database.query<FindingRow>(
      `select f.*, s.slug as store from store_findings f left join stores s on s.id = f.store_id
        where ($1::bigint is null or f.verification_id = $1) and ($2::bigint is null or ${beyond})
        order by f.id ${order} limit $3`,
      [verification, cursor, limit + 1],
    );
    return cutPage(rows.map(findingOf), limit, (finding) => finding.id);
  }

  async integrity(): Promise<IntegrityAnswer> {
    const [row] = await this.database.query<{
      withdrawn: number;
      paths: number;
      bytes: number;
      broken: number;
      last_round_began: Date | null;
      last_round_ended: Date | null;
      last_round_paths: number | null;
    }>(
      `select *, (select count(*) from store_paths where withdrawn_at is not null) as withdrawn
         from scrub_position`,
    );
    const { withdrawn, paths, bytes, broken, ...round } = row!;
    const { last_round_began: began, last_round_ended: ended } = round;
    const lastRound =
      began && ended
        ? {
            beganAt: began.toISOString(),
            endedAt: ended.toISOString(),
            paths: round.last_round_paths ?? 0,
          }
        : null;
    return { withdrawn, scrub: { paths, bytes, broken, lastRound } };
  }
}

function verificationOf(row: VerificationRow): VerificationAnswer {
  const { store, repair, paths, bytes, broken, incomplete, fault } = row;
  const share = row.share / 10_000;
  const expected = row.ended_at ? row.expected : Math.ceil(row.expected * share);
  return {
    ...{ id: String(row.id), store, share, repair, fault },
    ...{ paths, bytes, broken, incomplete, expected },
    requestedAt: row.requested_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    endedAt: row.ended_at?.toISOString() ?? null,
    orphans: { files: row.orphans, bytes: row.orphan_bytes },
  };
}

function findingOf(row: FindingRow): FindingAnswer {
  const { store, path, kind, detail, done } = row;
  return {
    ...{ store, path, kind, detail, done },
    id: String(row.id),
    foundAt: row.found_at.toISOString(),
    foundBy: row.found_by,
    fileKey: row.file_key,
    build: row.build_id === null ? null : String(row.build_id),
  };
}
