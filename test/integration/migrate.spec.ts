/** The deploy step on a real Postgres. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { appendFile, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '#adapters/postgres/database.js';
import { migrate } from '#adapters/postgres/migrate.js';
import { migrationsDirectory, startTestPostgres, type TestPostgres } from '#testkit/postgres.js';

describe('the deploy step', () => {
  let server: TestPostgres;
  let directory: string;

  beforeAll(async () => {
    server = await startTestPostgres();
    directory = await mkdtemp(join(tmpdir(), 'gambeson-migrations-'));
    await cp(migrationsDirectory, directory, { recursive: true });
  });

  afterAll(async () => {
    await server.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function emptyDatabase(): Promise<string> {
    const name = `empty_${Math.trunc(performance.now() * 1000)}`;
    const maintenance = new Database(server.url, 1);
    await maintenance.query(`create database ${name}`);
    await maintenance.close();
    return server.url.replace(/\/postgres$/, `/${name}`);
  }

  async function addMigration(name: string, sql: string): Promise<void> {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, 'migration.sql'), sql);
  }

  it('applies every migration to an empty database, once', async () => {
    const url = await emptyDatabase();
    expect(await migrate(url, migrationsDirectory)).not.toEqual([]);
    expect(await migrate(url, migrationsDirectory)).toEqual([]);
    const database = new Database(url, 1);
    const rows = await database.query('select slug from stores order by id');
    await database.close();
    expect(rows.map((row) => row['slug'])).toEqual(['nix', 'guix', 'local']);
  });

  it('lets two start at once, and one of them finds nothing to do', async () => {
    const url = await emptyDatabase();
    const both = await Promise.all([
      migrate(url, migrationsDirectory),
      migrate(url, migrationsDirectory),
    ]);
    expect(both.filter((applied) => applied.length === 0)).toHaveLength(1);
  });

  it('refuses a migration that was edited after it had been applied', async () => {
    const { url } = await server.freshDatabase();
    await addMigration('20990101000000_more', 'create table more (id bigint);');
    expect(await migrate(url, directory)).toEqual(['20990101000000_more']);
    await appendFile(join(directory, '20990101000000_more', 'migration.sql'), '-- edited\n');
    await expect(migrate(url, directory)).rejects.toThrow('was edited');
    await expect(migrate(url, migrationsDirectory)).rejects.toThrow('which is not here');
    await rm(join(directory, '20990101000000_more'), { recursive: true });
  });

  it('keeps nothing of a migration that fails half-way', async () => {
    const { url } = await server.freshDatabase();
    await addMigration('20990102000000_bad', 'create table half (id bigint); select 1/0;');
    await expect(migrate(url, directory)).rejects.toThrow('division by zero');
    const database = new Database(url, 1);
    const [row] = await database.query(`select to_regclass('half') as half`);
    await database.close();
    expect(row!['half']).toBeNull();
    await rm(join(directory, '20990102000000_bad'), { recursive: true });
  });

  it('refuses a directory without migrations instead of calling it done', async () => {
    const empty = await mkdtemp(join(tmpdir(), 'gambeson-migrations-'));
    const { url } = await server.freshDatabase();
    await expect(migrate(url, empty)).rejects.toThrow('no migrations');
    await rm(empty, { recursive: true });
  });
});
