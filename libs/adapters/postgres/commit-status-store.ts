/** What the statuses of commits shall be, in Postgres. A new word voids the claim of an old. */
import {
  id,
  type BuildId,
  type CommitStatusId,
  type EvaluationId,
  type ForgeId,
  type SpecificationId,
} from '#domain/ids.js';
import type { CommitVerdict, CommitWord } from '#domain/forge/commit-status.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type {
  ClaimedStatus,
  CommitStatusStore,
  CommitWish,
  NewEvaluation,
  SettledStatus,
  UnsettledStatus,
} from '#application/ports/commit-status-store.js';
import type { Database, Row } from './database.js';
import { readJobCounts } from './evaluation-counts.js';

interface NewRow extends Row {
  id: number;
  specification_id: number;
  name: string;
  checkouts: { url: string; revision: string }[];
  forge_id: number | null;
  repository: string | null;
  revision: string | null;
}

interface StatusRow extends Row {
  id: number;
  forge_id: number;
  repository: string;
  revision: string;
  context: string;
  wanted: CommitWord | null;
  description: string;
  evaluation_id: number;
  build_id: number | null;
  attempts: number;
  claim: string;
}

interface StandingRow extends StatusRow {
  status: EvaluationStatus;
  canceled: boolean;
}

const findUnseen = `
  select e.id, e.specification_id, s.name, r.forge_id, r.repository, r.revision,
         (select coalesce(jsonb_agg(jsonb_build_object('url', c.url, 'revision', c.revision)), '[]')
            from checkouts c where c.evaluation_id = e.id and c.via is null) as checkouts
    from evaluations e join specifications s on s.id = e.specification_id
    left join lateral (
      select t.forge_id, t.repository, r.revision
        from forge_requests r join forge_templates t on t.id = r.template_id
       where r.specification_id = e.specification_id) r on true
   where e.started_at > now() - interval '1 day'
     and not exists (select from commit_statuses o where o.evaluation_id = e.id)
   order by e.id desc limit $1`;

const insertWishes = `
  insert into commit_statuses (forge_id, repository, revision, context, specification_id,
                               evaluation_id)
  select distinct on (w.forge, w.repository, w.revision, w.context) w.*
    from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])
         as w (forge, repository, revision, context, specification, evaluation)
   where not exists (
     select from commit_statuses o
      where o.forge_id = w.forge and o.repository = w.repository and o.state = 'given-up'
        and o.changed_at > now() - interval '1 day')
   order by w.forge, w.repository, w.revision, w.context, w.evaluation desc
      on conflict (forge_id, repository, revision, context) do update
     set evaluation_id = excluded.evaluation_id, settled_at = null, wanted = null,
         description = ''
   where commit_statuses.evaluation_id < excluded.evaluation_id`;

const findUnsettled = `
  select c.*, e.status, e.canceled_at is not null as canceled
    from commit_statuses c join evaluations e on e.id = c.evaluation_id
   where c.settled_at is null
      or (c.wanted = 'failure' and c.settled_at > now() - interval '7 days')
   order by c.id desc limit $1`;

const setVerdict = `
  update commit_statuses
     set wanted = $2, description = $3, state = 'waiting', attempts = 0, next_try_at = now(),
         claim = null, claimed_until = null, changed_at = now(),
         settled_at = case when $4 then now() end,
         build_id = case when $5 then (
           select b.id from jobs j join builds b on b.id = j.build_id
            where j.evaluation_id = commit_statuses.evaluation_id and b.status = 'failed'
            order by b.ended_at, b.id limit 1) end
   where id = $1`;

const claimOldest = `
  with due as (
    select id from commit_statuses
     where forge_id = $1 and state = 'waiting' and next_try_at <= now()
       and not exists (select from commit_statuses o
                        where o.forge_id = $1 and o.state = 'waiting' and o.claimed_until > now())
     order by next_try_at, id limit 1 for update skip locked)
  update commit_statuses c
     set attempts = c.attempts + 1, claim = gen_random_uuid(),
         claimed_until = now() + make_interval(secs => $2)
    from due where c.id = due.id returning c.*`;

export class PostgresCommitStatusStore implements CommitStatusStore {
  constructor(private readonly database: Database) {}

  async unseen(atMost: number): Promise<readonly NewEvaluation[]> {
    const rows = await this.database.query<NewRow>(findUnseen, [atMost]);
    return rows.map((row) => ({
      evaluation: id<EvaluationId>(row.id),
      specification: id<SpecificationId>(row.specification_id),
      ...{ name: row.name, checkouts: row.checkouts },
      request:
        row.forge_id === null
          ? null
          : {
              forge: id<ForgeId>(row.forge_id),
              ...{ repository: row.repository ?? '', revision: row.revision ?? '' },
            },
    }));
  }

  async wish(wishes: readonly CommitWish[]): Promise<void> {
    if (wishes.length === 0) return;
    const columns = ['forge', 'repository', 'revision', 'context', 'specification', 'evaluation'];
    await this.database.execute(
      insertWishes,
      columns.map((column) => wishes.map((wish) => wish[column as keyof CommitWish])),
    );
  }

  async unsettled(atMost: number): Promise<readonly UnsettledStatus[]> {
    const rows = await this.database.query<StandingRow>(findUnsettled, [atMost]);
    const evaluations = [...new Set(rows.map((row) => row.evaluation_id))];
    const counts = await readJobCounts(this.database, evaluations);
    return rows.map((row) => ({
      id: id<CommitStatusId>(row.id),
      ...{ word: row.wanted, description: row.description },
      standing: {
        ...{ evaluation: row.status, canceled: row.canceled },
        jobs: counts.get(row.evaluation_id) ?? {},
      },
    }));
  }

  async judge(
    status: CommitStatusId,
    { word, description, settled, link }: CommitVerdict,
  ): Promise<void> {
    const values = [status, word, description, settled, link === 'build'];
    await this.database.execute(setVerdict, values);
  }

  async dueForges(): Promise<readonly ForgeId[]> {
    const rows = await this.database.query<Row & { forge_id: number }>(
      `select forge_id from commit_statuses where state = 'waiting' group by forge_id
       having min(next_try_at) <= now() and coalesce(max(claimed_until), '-infinity') <= now()`,
    );
    return rows.map((row) => id<ForgeId>(row.forge_id));
  }

  async claim(forge: ForgeId, seconds: number): Promise<ClaimedStatus | null> {
    const [row] = await this.database.query<StatusRow>(claimOldest, [forge, seconds]);
    if (!row) return null;
    const { claim, repository, revision, context, wanted, description } = row;
    return {
      ...{ claim, repository, revision, context, description, forge, tries: row.attempts },
      id: id<CommitStatusId>(row.id),
      word: wanted ?? 'pending',
      evaluation: id<EvaluationId>(row.evaluation_id),
      build: row.build_id === null ? null : id<BuildId>(row.build_id),
    };
  }

  async settle(status: CommitStatusId, claim: string, settled: SettledStatus): Promise<boolean> {
    const { settlement, answer, forgeRestsSeconds } = settled;
    const waits = settlement.state === 'waiting';
    const state = waits ? 'waiting' : settlement.state === 'delivered' ? 'idle' : 'given-up';
    const touched = await this.database.execute(
      `update commit_statuses
          set state = $3, last_answer = $4, claim = null, claimed_until = null, changed_at = now(),
              next_try_at = now() + make_interval(secs => $5)
        where id = $1 and claim = $2`,
      [status, claim, state, answer.slice(0, 1000), waits ? settlement.afterSeconds : 0],
    );
    if (forgeRestsSeconds > 0) await this.rest(status, forgeRestsSeconds);
    return touched === 1;
  }

  /** All that waits for the same forge. */
  private async rest(status: CommitStatusId, seconds: number): Promise<void> {
    await this.database.execute(
      `update commit_statuses c
          set next_try_at = greatest(c.next_try_at, now() + make_interval(secs => $2))
        where c.state = 'waiting'
          and c.forge_id = (select forge_id from commit_statuses where id = $1)`,
      [status, seconds],
    );
  }
}
