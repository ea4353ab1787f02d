/**
 * Takes in what became of builds, in one snapshot: what the queue of turns does not show in it, the
 * builds themselves do not show either, so an evaluation that is counted when the queue is empty
 * misses nothing and counts nothing twice.
 */
import type { WeatherStore, Weighed } from '#application/ports/weather-store.js';
import type { EvaluationStatus } from '#domain/evaluation/status.js';
import type { Client, Database, Row } from './database.js';
import {
  anythingToWeigh,
  countChanges,
  countJobs,
  followBuilds,
  followEvaluation,
  markWeighed,
  moveCounts,
  nextEvaluation,
  takeTurns,
} from './weather-statements.js';

/** Weighs alone, whoever leads; in the farm's own range of keys. */
const weighingKey = 726_006;
const turnsAtOnce = 5000;

interface TurnRow extends Row {
  readonly build: number;
  readonly was: string | null;
  readonly became: string;
}

interface EndedEvaluation extends Row {
  readonly id: number;
  readonly status: EvaluationStatus;
  readonly pruned: boolean;
}

const nothing: Weighed = { builds: 0, evaluations: 0, turned: 0 };

export class PostgresWeatherStore implements WeatherStore {
  constructor(private readonly database: Database) {}

  async weigh(): Promise<Weighed> {
    const [row] = await this.database.query<{ anything: boolean }>(anythingToWeigh);
    if (!row?.anything) return nothing;
    return this.database.transaction(async (client) => {
      await client.query('set transaction isolation level repeatable read');
      await client.query('set local jit = off');
      await client.query('select pg_advisory_xact_lock($1)', [weighingKey]);
      const { rows } = await client.query<TurnRow>(takeTurns, [turnsAtOnce]);
      let turned = rows.length > 0 ? await takeIn(client, rows) : 0;
      if (rows.length === turnsAtOnce) return { builds: rows.length, evaluations: 0, turned };
      const { rows: ended } = await client.query<EndedEvaluation>(nextEvaluation);
      for (const evaluation of ended) turned += await weighEvaluation(client, evaluation);
      return { builds: rows.length, evaluations: ended.length, turned };
    });
  }
}

/** How many jobs turned. */
async function takeIn(client: Client, turns: readonly TurnRow[]): Promise<number> {
  const { rows: moved } = await client.query<{ id: number }>(moveCounts, [
    turns.map(({ build }) => build),
    turns.map(({ was }) => was),
    turns.map(({ became }) => became),
  ]);
  const builds = [...new Set(turns.map(({ build }) => build))];
  const turned = await followed(client, followBuilds, builds);
  await client.query(countChanges, [moved.map(({ id }) => id)]);
  return turned;
}

/** A partial evaluation has counts, and no weather. */
async function weighEvaluation(client: Client, evaluation: EndedEvaluation): Promise<number> {
  const { id, status, pruned } = evaluation;
  await client.query(markWeighed, [id]);
  if (pruned) return 0;
  await client.query(countJobs, [id]);
  if (status !== 'succeeded') return 0;
  const turned = await followed(client, followEvaluation, id);
  await client.query(countChanges, [[id]]);
  return turned;
}

async function followed(client: Client, statement: string, of: unknown): Promise<number> {
  const { rows } = await client.query<{ turned: number }>(statement, [of]);
  return rows[0]?.turned ?? 0;
}
