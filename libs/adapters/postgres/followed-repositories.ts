/** Followed repositories in Postgres: as the evaluator takes them, and as operators see them. */
import type {
  FollowedRepositories,
  FollowedRepository,
  LookOutcome,
  PushedRepositories,
} from '#application/ports/followed-repositories.js';
import type { RepositoryAnswer, RepositoryRequest } from '#protocol/api/repository.js';
import type { Database, Row } from './database.js';
import { iso } from './reading.js';

interface RepositoryRow extends Row {
  readonly id: number;
  readonly name: string;
  readonly url: string;
  readonly branch: string;
  readonly files: string[];
  readonly credential: string | null;
  readonly adopt: boolean;
  readonly period_seconds: number;
  readonly next_look_at: Date;
  readonly looked_at: Date | null;
  readonly revision: string | null;
  readonly applied_revision: string | null;
  readonly applied_at: Date | null;
  readonly faults: RepositoryAnswer['faults'];
  readonly failure: string | null;
}

/** So many faults of a look are kept. */
const faultsAtMost = 200;

export class PostgresFollowedRepositories implements FollowedRepositories, PushedRepositories {
  constructor(private readonly database: Database) {}

  async takeDue(farmPeriodSeconds: number): Promise<FollowedRepository[]> {
    const rows = await this.database.query<RepositoryRow>(
      `update followed_repositories
          set next_look_at = now() + make_interval(
                secs => case period_seconds when 0 then $1::float8 else period_seconds end)
        where removed_at is null and next_look_at <= now()
       returning *`,
      [farmPeriodSeconds],
    );
    return rows.map(({ applied_revision: appliedRevision, ...row }) => {
      const { id, name, url, branch, files, credential, adopt } = row;
      return { id, name, url, branch, files, credential, adopt, appliedRevision };
    });
  }

  async note({ id }: FollowedRepository, outcome: LookOutcome): Promise<void> {
    const { kind, revision } = outcome;
    const faults = kind === 'faulty' ? outcome.faults.slice(0, faultsAtMost) : [];
    await this.database.execute(
      `update followed_repositories
          set looked_at = now(), revision = coalesce($2, revision), faults = $3::jsonb,
              failure = $4,
              applied_at = case when $5 and applied_revision is distinct from $2
                                then now() else applied_at end,
              applied_revision = case when $5 then $2 else applied_revision end
        where id = $1`,
      [
        ...[id, revision, JSON.stringify(faults)],
        ...[kind === 'failed' ? outcome.failure : null, kind === 'applied'],
      ],
    );
  }

  async list(): Promise<RepositoryAnswer[]> {
    const rows = await this.database.query<RepositoryRow>(
      'select * from followed_repositories where removed_at is null order by name',
    );
    return rows.map(answerOf);
  }

  /** False when one of that name is followed already. */
  async add(request: RepositoryRequest): Promise<boolean> {
    const { name, url, branch, files, credential, adopt, periodSeconds } = request;
    const added = await this.database.execute(
      `insert into followed_repositories
         (name, url, branch, files, credential, adopt, period_seconds)
       values ($1, $2, $3, $4, $5, $6, $7)
       on conflict (name) where removed_at is null do nothing`,
      [name, url, branch, files, credential ?? null, adopt, periodSeconds],
    );
    return added === 1;
  }

  /** Nobody keeps its specifications from then on. False when none of that name is followed. */
  async remove(name: string): Promise<boolean> {
    const rows = await this.database.query<Row>(
      `with gone as (
         update followed_repositories set removed_at = now()
          where name = $1 and removed_at is null returning name),
       freed as (
         update specifications s set managed_by = null from gone g
          where s.managed_by = 'repository:' || g.name)
       select name from gone`,
      [name],
    );
    return rows.length === 1;
  }

  /** Its time has come. False when none of that name is followed. */
  async hurry(name: string): Promise<boolean> {
    const hurried = await this.database.execute(
      `update followed_repositories set next_look_at = now()
        where name = $1 and removed_at is null`,
      [name],
    );
    return hurried === 1;
  }
}

function answerOf(row: RepositoryRow): RepositoryAnswer {
  const { name, url, branch, files, credential, adopt, revision, faults, failure } = row;
  return {
    ...{ name, url, branch, files, credential, adopt, revision, faults, failure },
    periodSeconds: row.period_seconds,
    nextLookAt: row.next_look_at.toISOString(),
    lookedAt: iso(row.looked_at),
    appliedRevision: row.applied_revision,
    appliedAt: iso(row.applied_at),
  };
}
