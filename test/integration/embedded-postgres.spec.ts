/** The embedded Postgres, started, stopped, killed and started again on the same data. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '#adapters/postgres/database.js';
import { clusterOf, EmbeddedPostgres } from '#adapters/postgres/embedded.js';

describe('the embedded Postgres', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gambeson-embedded-'));
    await chmod(directory, 0o755);
  });

  afterAll(async () => {
    await rm(directory, { recursive: true, force: true });
  });

  function start(password = 'a password'): Promise<EmbeddedPostgres> {
    return EmbeddedPostgres.start({ directory, password });
  }

  async function ask(server: EmbeddedPostgres, text: string): Promise<unknown> {
    const database = new Database(server.url(), 1);
    try {
      const [row] = await database.query(text);
      return row && Object.values(row)[0];
    } finally {
      await database.close();
    }
  }

  it('goes on with its data after a clean stop', async () => {
    const first = await start();
    await ask(first, 'create table kept as select 7 as n');
    await first.stop();
    const second = await start();
    expect(await ask(second, 'select n from kept')).toBe(7);
    await second.stop();
  });

  it('goes on with its data after it was killed', async () => {
    const first = await start();
    await ask(first, 'update kept set n = 8');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;
    const second = await start();
    expect(await ask(second, 'select n from kept')).toBe(8);
    await second.stop();
  });

  it('ends a server that a killed supervisor left behind', async () => {
    const forgotten = await start();
    const next = await start();
    await forgotten.exited;
    expect(await ask(next, 'select n from kept')).toBe(8);
    await next.stop();
  });

  it('does not mistake another process for the server of a stale lock file', async () => {
    const lock = join(clusterOf(directory), 'postmaster.pid');
    await writeFile(lock, `${process.pid}\n`);
    const server = await start();
    expect((await readFile(lock, 'utf8')).split('\n')[0]).toBe(String(server.pid));
    await server.stop();
  });

  it('refuses a wrong password', async () => {
    const server = await start();
    const url = new URL(server.url());
    url.password = 'another';
    const database = new Database(url.href, 1);
    await expect(database.query('select 1')).rejects.toThrow('password authentication failed');
    await database.close();
    await server.stop();
  });
});
