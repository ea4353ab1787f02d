/** How the farm's programs are started: commands, environments, ready lines, ways to stop. Pure. */
import { join } from 'node:path';
import type { ChildOptions } from './child.js';

export interface Addresses {
  readonly api: number;
  readonly substituter: number;
  readonly coordinator: number;
  readonly evaluator: number;
}

export interface Site {
  readonly data: string;
  readonly ports: Addresses;
  readonly databaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly leaseSeconds: number;
  /** The directory that holds `apps/NAME/main.js`. */
  readonly programs: string;
}

export type Program = Pick<
  ChildOptions,
  'name' | 'command' | 'environment' | 'ready' | 'farewell' | 'restartPauseMillis'
>;

export const appNames = ['api', 'substituter', 'coordinator', 'evaluator'] as const;
export type AppName = (typeof appNames)[number];

const patient = [{ signal: 'SIGTERM', waitMillis: 10_000 }] as const;
/** A worker drains at the first signal, and hands its builds back at the second. */
const draining = [
  { signal: 'SIGTERM', waitMillis: 1_500 },
  { signal: 'SIGTERM', waitMillis: 8_000 },
] as const;

export function addressOf(port: number): string {
  return `http://127.0.0.1:${port}`;
}

export function appProgram(site: Site, name: AppName): Program {
  return {
    name,
    command: [process.execPath, join(site.programs, 'apps', name, 'main.js')],
    environment: {
      ...surroundings(site),
      ...handedOn(),
      GAMBESON_DATA: site.data,
      DATABASE_URL: site.databaseUrl,
      REDIS_URL: site.redisUrl,
      GAMBESON_HOST: '127.0.0.1',
      GAMBESON_PORT: String(site.ports[name]),
      GAMBESON_URL: addressOf(site.ports.api),
      GAMBESON_SUBSTITUTER_URL: addressOf(site.ports.substituter),
      GAMBESON_LEASE_SECONDS: String(site.leaseSeconds),
    },
    ready: new RegExp(`${name} listening on http`),
    farewell: patient,
  };
}

export interface WorkerPlan {
  readonly name: string;
  readonly maxJobs: number;
  readonly cores: number;
  readonly tokenFile: string;
}

export function workerData(data: string, name: string): string {
  return join(data, 'workers', name);
}

/**
 * A worker that dies is taken for a lost machine, as it would be elsewhere: it comes back when its
 * lease has run out and its builds have gone to others.
 */
const leaseMarginSeconds = 5;

export function workerProgram(site: Site, plan: WorkerPlan): Program {
  const main = join(site.programs, 'apps', 'worker', 'main.js');
  return {
    name: plan.name,
    command: [
      ...[process.execPath, main, '--farm', addressOf(site.ports.api), '--name', plan.name],
      ...['--data', workerData(site.data, plan.name), '--token-file', plan.tokenFile],
      ...['--max-jobs', String(plan.maxJobs), '--cores', String(plan.cores)],
    ],
    environment: surroundings(site),
    ready: /Z connected to /,
    farewell: draining,
    restartPauseMillis: (site.leaseSeconds + leaseMarginSeconds) * 1000,
  };
}

/** What the caller's environment says of doors and bounds; where things lie `up` says itself. */
export const handedOnNames = [
  ...['GAMBESON_ADMIN_TRUST', 'GAMBESON_TRUSTED_PROXIES', 'GAMBESON_ADMIN_SOCKET'],
  ...['GAMBESON_ADMIN_HEADERS', 'GAMBESON_ADMINS_FILE', 'GAMBESON_ADMIN_URL'],
  ...['GAMBESON_PRIVATE_CHANNELS', 'GAMBESON_PRIVATE_RECEIVERS', 'GAMBESON_CREDENTIALS'],
  ...['GAMBESON_HOOK_ALLOW', 'GAMBESON_REQUESTS_PER_MINUTE', 'GAMBESON_POLL_SECONDS'],
] as const;

function handedOn(): Record<string, string | undefined> {
  return Object.fromEntries(handedOnNames.map((name) => [name, process.env[name]]));
}

/**
 * Nothing of the caller's environment but what programs need to be found and understood, and how
 * much room the machine must have.
 */
function surroundings(site: Site): Record<string, string | undefined> {
  const { PATH, HOME, LANG, TZ, TMPDIR, USER } = process.env;
  const { GAMBESON_DISK_SOFT_MB, GAMBESON_DISK_HARD_MB } = process.env;
  const cache = join(site.data, 'cache', 'compiled');
  return {
    ...{ PATH, HOME, LANG, TZ, TMPDIR, USER, NODE_COMPILE_CACHE: cache },
    ...{ GAMBESON_DISK_SOFT_MB, GAMBESON_DISK_HARD_MB },
  };
}
