/**
 * A farm that has been at work for a year, written into an empty, migrated Postgres in sets: ten
 * million builds, as many jobs, three times as many edges, 2,000 evaluations. Names, systems,
 * states and times follow from numbers, so a farm of a size is always the same one. Tables are
 * filled without their indexes, which are made afterwards.
 */
import type { Client, Database } from '#adapters/postgres/database.js';
import { largeIndexes } from './ten-million-indexes.js';
import { lastRows, parentRows, tableRows, type FarmSize } from './ten-million-rows.js';

export type { FarmSize } from './ten-million-rows.js';

/** The farm of the issue, scaled to about so many builds. */
export function sizeFor(builds: number): FarmSize {
  const evaluations = Math.max(24, Math.round(2000 * Math.min(1, Math.sqrt(builds / 1e7))));
  const specifications = 12;
  return { specifications, evaluations, jobs: Math.ceil(builds / evaluations) };
}

/**
 * Fills the database; `tell` hears of each step. The server should be told `wal_level = minimal`,
 * so that what is filled in the transaction that empties it is not written twice.
 */
export async function makeFarm(
  database: Database,
  size: FarmSize,
  tell: (sentence: string) => void,
): Promise<void> {
  const client = await database.dedicated();
  try {
    for (const text of beginning) await client.query(text);
    const timed = stopwatch(tell);
    await timed('few rows', () => inOrder(client, parentRows(size)));
    const indexes = await largeIndexes(client, large);
    await inOrder(client, indexes.drop);
    for (const [table, texts] of Object.entries(tableRows(size))) {
      await timed(table, () => filled(client, table, texts));
    }
    for (const text of indexes.create) await timed(text.slice(0, 90), () => client.query(text));
    await timed('products', () => inOrder(client, lastRows));
    await timed('vacuum', () => client.query('vacuum (analyze, freeze)'));
    await client.query('checkpoint');
  } finally {
    await client.end();
  }
}

/** Those whose indexes are worth making afterwards. */
const large = ['derivations', 'derivation_inputs', 'outputs', 'builds', 'jobs', 'attempts'];

const beginning = [
  // No trigger tells the planner or the counts of rows that nobody waits for.
  `set session_replication_role = replica`,
  `set synchronous_commit = off`,
  `set maintenance_work_mem = '1GB'`,
  `set max_parallel_maintenance_workers = 0`,
  `set max_parallel_workers_per_gather = 0`,
  `set work_mem = '512MB'`,
  `set jit = off`,
  `set timezone = 'UTC'`,
];

async function inOrder(client: Client, texts: readonly string[]): Promise<void> {
  for (const text of texts) await client.query(text);
}

async function filled(client: Client, table: string, texts: readonly string[]): Promise<void> {
  await client.query('begin');
  await client.query(`truncate ${table} cascade`);
  await inOrder(client, texts);
  await client.query('commit');
}

type Timed = <T>(name: string, work: () => Promise<T>) => Promise<T>;

function stopwatch(tell: (sentence: string) => void): Timed {
  return async (name, work) => {
    const began = performance.now();
    const value = await work();
    tell(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  ${name}`);
    return value;
  };
}
