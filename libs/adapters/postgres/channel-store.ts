/** What polls read and write, and the start of an evaluation, which is one transaction. */
import { id, type EvaluationId, type SpecificationId } from '#domain/ids.js';
import type { EvaluationTrigger } from '#domain/evaluation/status.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import { changed, type EvaluatedState } from '#domain/specification/polling.js';
import type { Specification } from '#domain/specification/specification.js';
import type {
  ChannelFinding,
  FetchedRevision,
  NewEvaluation,
  PollState,
  PollStore,
} from '#application/ports/poll-store.js';
import { checkoutsOf, insertCheckouts } from './checkout-rows.js';
import type { Client, Database } from './database.js';

interface StateRow extends Record<string, unknown> {
  version: number;
  document: Specification;
  next_poll_at: Date;
  now: Date;
}

type StateColumn = 'channel' | 'url' | 'branch' | 'revision';

interface Planned {
  readonly specification: SpecificationId;
  readonly version: number;
  readonly digest: string;
  readonly trigger: EvaluationTrigger;
}

export class PostgresPollStore implements PollStore {
  constructor(private readonly database: Database) {}

  async read(specification: SpecificationId): Promise<PollState | null> {
    const [row] = await this.database.query<StateRow>(
      `select s.version, v.document, s.next_poll_at, now() as now
         from specifications s
         join specification_versions v on v.specification_id = s.id and v.version = s.version
        where s.id = $1 and s.archived_at is null`,
      [specification],
    );
    if (!row) return null;
    const { version, document, next_poll_at: nextPollAt, now } = row;
    const found = await this.found(specification);
    const last = await this.database.transaction((client) => lastRead(client, specification));
    return {
      id: specification,
      version,
      specification: document,
      nextPollAt,
      now,
      found,
      last,
    };
  }

  async record(
    specification: SpecificationId,
    findings: readonly ChannelFinding[],
    periodSeconds: number,
  ): Promise<void> {
    await this.database.transaction(async (client) => {
      await client.query(
        `update specifications set next_poll_at = now() + make_interval(secs => $2) where id = $1`,
        [specification, periodSeconds],
      );
      await client.query(
        `delete from channel_states where specification_id = $1 and not channel = any($2)`,
        [specification, findings.map((finding) => finding.channel)],
      );
      for (const finding of findings) await recordFinding(client, specification, finding);
    });
  }

  async start(evaluation: NewEvaluation): Promise<EvaluationId | null> {
    return this.database.transaction(async (client) => {
      const found = await client.query(
        `select 1 from specifications
          where id = $1 and version = $2 and archived_at is null for update`,
        [evaluation.specification, evaluation.version],
      );
      if (found.rowCount === 0) return null;
      const last = await lastRead(client, evaluation.specification);
      if (!changed(last, evaluation)) return null;
      return insertEvaluation(client, evaluation, evaluation.checkouts);
    });
  }

  async retry(evaluation: EvaluationId): Promise<EvaluationId | null> {
    return this.database.transaction(async (client) => {
      const { rows } = await client.query<Planned>(
        `select specification_id as specification, specification_version as version,
                revisions_digest as digest, 'retry' as trigger
           from evaluations where id = $1`,
        [evaluation],
      );
      const planned = rows[0];
      if (!planned) return null;
      await client.query('select 1 from specifications where id = $1 for update', [
        planned.specification,
      ]);
      return insertEvaluation(client, planned, await checkoutsOf(client, evaluation));
    });
  }

  async active(): Promise<{ id: SpecificationId; period: number }[]> {
    const rows = await this.database.query<{ id: number; period: number }>(
      `select s.id, (v.document->>'period')::int as period
         from specifications s
         join specification_versions v on v.specification_id = s.id and v.version = s.version
        where s.archived_at is null and (v.document->>'active')::boolean
        order by s.id`,
    );
    return rows.map((row) => ({ ...row, id: id<SpecificationId>(row.id) }));
  }

  private async found(specification: SpecificationId): Promise<Map<string, FetchedRevision>> {
    const rows = await this.database.query<Record<StateColumn, string>>(
      `select channel, url, branch, revision from channel_states
        where specification_id = $1 and revision is not null`,
      [specification],
    );
    return new Map(rows.map((row) => [row.channel, row]));
  }
}

async function lastRead(
  client: Client,
  specification: SpecificationId,
): Promise<EvaluatedState | null> {
  const { rows } = await client.query<EvaluatedState>(
    `select specification_version as version, revisions_digest as digest, try as "lastTry"
       from evaluations where specification_id = $1 order by id desc limit 1`,
    [specification],
  );
  return rows[0] ?? null;
}

async function insertEvaluation(
  client: Client,
  planned: Planned,
  checkouts: readonly ChannelRevision[],
): Promise<EvaluationId> {
  const { rows } = await client.query<{ id: number }>(
    `insert into evaluations
       (specification_id, specification_version, revisions_digest, trigger, status, try)
     select $1, $2, $3, $4, 'started', 1 + coalesce(max(try), 0)
       from evaluations
      where specification_id = $1 and specification_version = $2 and revisions_digest = $3
     returning id`,
    [planned.specification, planned.version, planned.digest, planned.trigger],
  );
  const evaluation = id<EvaluationId>(rows[0]?.id ?? 0);
  await insertCheckouts(client, evaluation, checkouts);
  await client.query('select ensure_evaluation_partitions($1)', [evaluation]);
  return evaluation;
}

async function recordFinding(
  client: Client,
  specification: SpecificationId,
  finding: ChannelFinding,
): Promise<void> {
  const { channel, url, branch, via = null } = finding;
  const key = [specification, channel, url, branch, via];
  if (finding.kind === 'found') {
    await client.query(recordFound, [...key, finding.revision, finding.rewoundFrom]);
  } else {
    await client.query(recordFailed, [...key, finding.code, finding.message]);
  }
}

/** A rewinding stays visible until the branch moves again. */
const recordFound = `
insert into channel_states as s (specification_id, channel, url, branch, via, revision,
                                 fetched_at, rewound_from, rewound_at)
values ($1, $2, $3, $4, $5, $6, now(), $7, case when $7::text is null then null else now() end)
on conflict (specification_id, channel) do update set
  via = excluded.via, url = excluded.url, branch = excluded.branch,
  revision = excluded.revision, fetched_at = now(),
  error_code = null, error_message = null, error_since = null, failures = 0,
  rewound_from = case when s.revision = excluded.revision then s.rewound_from
                      else excluded.rewound_from end,
  rewound_at = case when s.revision = excluded.revision then s.rewound_at
                    else excluded.rewound_at end`;

const recordFailed = `
insert into channel_states as s (specification_id, channel, url, branch, via, error_code,
                                 error_message, error_since, failures)
values ($1, $2, $3, $4, $5, $6, $7, now(), 1)
on conflict (specification_id, channel) do update set
  revision = case when (s.url, s.branch) = (excluded.url, excluded.branch) then s.revision end,
  via = excluded.via, url = excluded.url, branch = excluded.branch,
  error_code = excluded.error_code, error_message = excluded.error_message,
  error_since = coalesce(s.error_since, now()), failures = s.failures + 1`;
