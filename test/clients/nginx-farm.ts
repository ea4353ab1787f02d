/**
 * An api and a substituter over one database and one data directory, and deploy/nginx before them
 * on free ports, for the specs that come in through it.
 */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startTestPostgres, type TestPostgres } from '#testkit/postgres.js';
import { startApiFarm, type ApiFarm } from '../integration/api-farm.js';
import { startTestSubstituter, type TestSubstituter } from '../integration/substituter-harness.js';
import { TestNginx, type NginxPlace } from './nginx-support.js';

export const run = promisify(execFile);
export const deploy = fileURLToPath(new URL('../../deploy/nginx', import.meta.url));
/** The addresses that the farm tells of itself; nobody looks them up here. */
export const publicUrl = 'https://farm.example.org';

export interface Backends {
  readonly postgres: TestPostgres;
  readonly api: ApiFarm;
  readonly substituter: TestSubstituter;
  stop(): Promise<void>;
}

export async function startBackends(more: Record<string, string> = {}): Promise<Backends> {
  const postgres = await startTestPostgres();
  const api = await startApiFarm({ GAMBESON_URL: publicUrl, ...more });
  const { dataDirectory, databaseUrl } = api.parts.settings;
  const same = { GAMBESON_DATA: dataDirectory, DATABASE_URL: databaseUrl, ...more };
  const substituter = await startTestSubstituter(postgres, same);
  return {
    postgres,
    api,
    substituter,
    async stop() {
      await substituter.close();
      await api.stop();
      await postgres.stop();
    },
  };
}

/** What an operator changes beyond hosts, ports and paths. */
export interface Deployment {
  readonly changes: Readonly<Record<string, string>>;
  readonly prepare: (place: NginxPlace) => Promise<void>;
}

/** deploy/nginx as an operator takes it over: hosts, ports and paths are changed. */
export function deployedNginx(
  backends: Backends,
  host = 'farm.example.org',
  more?: Deployment,
): Promise<TestNginx> {
  return TestNginx.start({
    folder: deploy,
    main: 'nginx.conf',
    changes: (place) => ({
      ...more?.changes,
      ...changesFor(place, backends),
      'server_name farm.example.org': `server_name ${host}`,
    }),
    async prepare(place) {
      const { directory } = place;
      await more?.prepare(place);
      await makeCertificate(directory, { GAMBESON_HOST_NAME: host });
      await mkdir(join(directory, 'www', '.well-known', 'acme-challenge'), { recursive: true });
      const challenge = join(directory, 'www', '.well-known', 'acme-challenge', 'word');
      await writeFile(challenge, 'said by certbot\n');
    },
  });
}

/** Runs gambeson-certificate for that nginx. */
export async function makeCertificate(
  directory: string,
  environment: Record<string, string> = {},
): Promise<void> {
  const { PATH } = process.env;
  const tls = { GAMBESON_TLS: join(directory, 'tls'), GAMBESON_HOST_NAME: 'farm.example.org' };
  await run(join(deploy, 'gambeson-certificate'), [], { env: { PATH, ...tls, ...environment } });
}

function changesFor(
  { directory, http, https }: NginxPlace,
  { api, substituter }: Backends,
): Record<string, string> {
  const portOf = (address: string): string => `127.0.0.1:${new URL(address).port}`;
  return {
    ...userChange(),
    'worker_processes auto': 'worker_processes 1',
    '/run/nginx.pid': join(directory, 'nginx.pid'),
    '/var/log/nginx': join(directory, 'logs'),
    '/var/cache/nginx/gambeson': join(directory, 'cache'),
    '/var/www/gambeson': join(directory, 'www'),
    '/var/lib/gambeson': substituter.data,
    '/etc/nginx/gambeson/': join(directory, 'gambeson/'),
    '/etc/gambeson/tls': join(directory, 'tls'),
    '  listen [::]:': '  # listen ',
    'listen 80': `listen 127.0.0.1:${http}`,
    'listen 443': `listen 127.0.0.1:${https}`,
    '127.0.0.1:8081': portOf(api.address),
    '127.0.0.1:3000': portOf(substituter.address),
  };
}

/** The directories of a test are its own user's. */
export function userChange(): Record<string, string> {
  const isRoot = process.getuid?.() === 0;
  return { 'user www-data;': isRoot ? 'user root;' : '' };
}
