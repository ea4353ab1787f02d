/**
 * The services of docker-compose.yml without Docker: each exact command is started against real
 * servers, with the container's addresses and directories replaced by ours, and asked by its own
 * health check.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Child } from '../../apps/cli/up/child.js';
import { freePort } from '#adapters/postgres/embedded.js';
import { randomSecret } from '#adapters/system/secret.js';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startTestRedis, type TestRedis } from '#testkit/redis.js';
import { readCompose, type Service } from './compose-file.js';

const compose = readCompose('docker-compose.yml');
const apps = { api: 8081, coordinator: 8082, evaluator: 8083, substituter: 3000 } as const;

function service(name: string): Service {
  const found = compose.services[name];
  if (!found) throw new Error(`there is no service ${name}`);
  return found;
}

describe('the compose file', () => {
  it('has every process of the farm', () => {
    const names = ['postgres', 'redis', 'migrate', ...Object.keys(apps), 'worker'];
    expect(Object.keys(compose.services).sort()).toEqual(names.sort());
  });

  it('holds no secret, only files that must be made first', () => {
    for (const { environment } of Object.values(compose.services)) {
      const secret = Object.keys(environment).filter((name) =>
        /PASSWORD|TOKEN|KEY(?!S$)/.test(name),
      );
      expect(secret.filter((name) => !name.endsWith('_FILE'))).toEqual([]);
      expect(Object.values(environment).filter((text) => /:[^/@]+@/.test(text))).toEqual([]);
    }
    const wanted = Object.values(compose.services).flatMap(({ secrets }) => secrets);
    expect(new Set(wanted)).toEqual(new Set(Object.keys(compose.secrets)));
  });

  it('lets the substituter alone reach the signing key', () => {
    const holders = Object.entries(compose.services).filter(([, { volumes }]) =>
      volumes.some((volume) => volume.startsWith('signing:')),
    );
    expect(holders.map(([name]) => name)).toEqual(['substituter']);
  });

  it('keeps Postgres and Redis out of reach of workers and the world', () => {
    expect(compose.networks['inside']?.internal).toBe(true);
    expect(service('postgres').networks).toEqual(['inside']);
    expect(service('redis').networks).toEqual(['inside']);
    expect(service('worker').networks).toEqual(['outside']);
  });

  it('never lets Redis evict, and lets it append to disk', () => {
    expect(service('redis').command?.join(' ')).toMatch(/--appendonly yes .*noeviction/);
  });
});

describe('the services', () => {
  let postgres: TestPostgres;
  let redis: TestRedis;
  let directory: string;
  const ports = new Map<number, number>();
  const children: Child[] = [];

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'gambeson-compose-'));
    [postgres, redis] = await Promise.all([startTestPostgres(), startTestRedis()]);
    for (const port of Object.values(apps)) ports.set(port, await freePort());
    mkdirSync(join(directory, 'secrets'));
    mkdirSync(join(directory, 'data'), { mode: 0o755 });
    const database = await postgres.freshDatabase();
    const secrets = { 'database-url': database.url, 'admin-token': randomSecret() };
    for (const [name, text] of Object.entries({ ...secrets, 'service-token': randomSecret() })) {
      writeFileSync(join(directory, 'secrets', name), `${text}\n`, { mode: 0o600 });
    }
  });

  afterAll(async () => {
    // The worker first, while the farm is there to say goodbye to.
    for (const child of children) await child.stop();
    await Promise.all([postgres.stop(), redis.stop()]);
    rmSync(directory, { recursive: true, force: true });
  });

  /** A text of the file, with the container's places replaced by ours. */
  function here(text: string): string {
    const moved = text
      .replace('redis://redis:6379', redis.url)
      .replace('/run/secrets', join(directory, 'secrets'))
      .replace(/^\/data\b/, join(directory, 'data'))
      .replace(/^0\.0\.0\.0$/, '127.0.0.1')
      .replace(/^node$/, process.execPath)
      .replace(/http:\/\/(api|substituter):/, 'http://127.0.0.1:');
    return moved.replace(/(?<=^|127\.0\.0\.1:)(8081|8082|8083|3000)\b/, (port) => {
      return String(ports.get(Number(port)));
    });
  }

  function environmentOf({ environment }: Service): Record<string, string | undefined> {
    const own = Object.entries(environment).map(([name, text]) => [name, here(text)]);
    return { PATH: process.env['PATH'], HOME: directory, ...Object.fromEntries(own) };
  }

  async function exitOf(command: readonly string[], of: Service): Promise<number | null> {
    const [program, ...parameters] = command.map(here);
    const child = spawn(program!, parameters, { env: environmentOf(of), stdio: 'ignore' });
    const [status] = await once(child, 'exit');
    return status as number | null;
  }

  function healthOf(name: string): Promise<number | null> {
    const [kind, ...command] = service(name).healthcheck?.test ?? [];
    expect(kind).toBe('CMD');
    return exitOf(command, service(name));
  }

  it('migrate ends well on a database that is up to date', async () => {
    expect(await exitOf(service('migrate').command ?? [], service('migrate'))).toBe(0);
  });

  async function start(name: string, ready: RegExp): Promise<void> {
    const child = new Child({
      name,
      command: (service(name).command ?? []).map(here),
      environment: environmentOf(service(name)),
      ready,
      restart: false,
      farewell: [{ signal: 'SIGTERM', waitMillis: 10_000 }],
      hear: () => undefined,
      tell: () => undefined,
    });
    children.unshift(child);
    await child.start();
  }

  it.each(Object.keys(apps))(
    '%s starts, and its health check sees it',
    async (name) => {
      expect(await healthOf(name)).toBe(1);
      await start(name, new RegExp(`${name} listening on http`));
      expect(await healthOf(name)).toBe(0);
    },
    60_000,
  );

  it('worker enrols with the one-time token of its file, and connects', async () => {
    const token = readFileSync(join(directory, 'secrets', 'admin-token'), 'utf8').trim();
    const answer = await fetch(here('http://api:8081/api/v1/workers/tokens'), {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: '{}',
    });
    const made = (await answer.json()) as { token: string };
    writeFileSync(join(directory, 'secrets', 'worker-token'), made.token, { mode: 0o600 });
    await start('worker', /Z connected to /);
  }, 60_000);
});
