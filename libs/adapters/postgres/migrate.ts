/**
 * The offline deploy step: applies the SQL files of `prisma/migrations` with nothing but `pg`. It
 * keeps Prisma's own table and takes Prisma's own lock, so `prisma migrate deploy` may be used on
 * the same database by whoever has its engine. Each migration and its row commit together.
 */
import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { FarmFault } from '#std/farm-fault.js';

/** The session lock that Prisma's migrate takes, too. */
const prismaLock = 72_707_369;

const migrationsTable = `
  create table if not exists _prisma_migrations (
    id                  varchar(36) primary key not null,
    checksum            varchar(64) not null,
    finished_at         timestamptz,
    migration_name      varchar(255) not null,
    logs                text,
    rolled_back_at      timestamptz,
    started_at          timestamptz not null default now(),
    applied_steps_count integer not null default 0
  )`;

export interface Migration {
  readonly name: string;
  readonly sql: string;
  /** sha-256 of the file's bytes in hexadecimal, as Prisma computes it. */
  readonly checksum: string;
}

interface AppliedRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

/**
 * Brings the database up to the directory's last migration and returns the names it applied. Two at
 * once are safe: the second waits, and finds nothing to do. Throws `misconfigured` when an applied
 * migration was edited, is missing here, or had been left half done by another tool.
 */
export async function migrate(url: string, directory: string): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const client = new pg.Client({ connectionString: url, application_name: 'gambeson migrate' });
  await client.connect().catch((cause: unknown) => {
    throw new FarmFault('database-unavailable', 'Postgres does not answer', 'later', { cause });
  });
  try {
    await client.query('select pg_advisory_lock($1)', [prismaLock]);
    await client.query('set client_min_messages to warning');
    await client.query(migrationsTable);
    const applied = await readApplied(client);
    const pending = pendingMigrations(migrations, applied);
    for (const migration of pending) await apply(client, migration);
    return pending.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}

/** The directory's migrations in the order of their names. */
export async function readMigrations(directory: string): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw new FarmFault('file-unreadable', `cannot read ${directory}`, 'never', { cause });
  });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  const migrations = names.sort().map(async (name) => {
    const bytes = await readFile(join(directory, name, 'migration.sql'));
    const checksum = createHash('sha256').update(bytes).digest('hex');
    return { name, sql: bytes.toString('utf8'), checksum };
  });
  if (migrations.length === 0) {
    throw new FarmFault('misconfigured', `there are no migrations in ${directory}`, 'never');
  }
  return Promise.all(migrations);
}

async function readApplied(client: pg.Client): Promise<AppliedRow[]> {
  const { rows } = await client.query<AppliedRow>(
    `select migration_name, checksum, finished_at from _prisma_migrations
     where rolled_back_at is null order by started_at`,
  );
  return rows;
}

function pendingMigrations(all: readonly Migration[], applied: readonly AppliedRow[]): Migration[] {
  const known = new Map(all.map((migration) => [migration.name, migration]));
  for (const row of applied) {
    const name = row.migration_name;
    const migration = known.get(name);
    if (!migration) throw refusal(`the database has the migration ${name}, which is not here`);
    if (row.finished_at === null) throw refusal(`the migration ${name} was left unfinished`);
    if (row.checksum !== migration.checksum) {
      throw refusal(`the migration ${name} was edited after it had been applied`);
    }
  }
  const done = new Set(applied.map((row) => row.migration_name));
  return all.filter((migration) => !done.has(migration.name));
}

function refusal(message: string): FarmFault {
  return new FarmFault('misconfigured', message, 'never');
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  await client.query('begin');
  try {
    await client.query(migration.sql);
    await client.query(
      `insert into _prisma_migrations
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       values ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `the migration ${migration.name} failed: ${reason}`;
    throw new FarmFault('misconfigured', message, 'never', { cause });
  }
}
