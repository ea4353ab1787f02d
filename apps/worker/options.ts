/**
 * What a worker agent is told on its command line or in its environment, with every fault
 * named.
 */
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { hasDaemon } from '#adapters/backends/guix/build/guix-place.js';
import type { WishedLimits } from '#domain/build/limits.js';
import type { BackendName } from '#domain/specification/specification.js';

export interface WorkerOptions {
  /** Addresses of the farm's apis, without a trailing slash; one is enough. */
  readonly farms: readonly string[];
  readonly data: string;
  readonly name: string;
  readonly tokenFile: string | undefined;
  readonly maxJobs: number;
  /** 0 is all of the machine. */
  readonly cores: number;
  readonly systems: readonly string[];
  readonly features: readonly string[];
  readonly speed: number;
  readonly backends: readonly BackendName[];
  readonly limits: WishedLimits;
  /** Bytes that must be free before it claims; 0 is no guard. */
  readonly minDisk: number;
}

const known: readonly BackendName[] = ['guix', 'nix', 'local'];
const architectures: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  arm: 'armv7l',
  ia32: 'i686',
  riscv64: 'riscv64',
  ppc64: 'powerpc64le',
};

const examples = `
Examples:
  # The first time: enrols with a one-time token, then builds two at once.
  worker --farm https://farm.example.org --data /var/lib/gambeson-worker --max-jobs 2 \\
         --token-file ./token
  # Ever after: the credential lies in the data directory.
  worker --farm https://farm.example.org --data /var/lib/gambeson-worker --max-jobs 2
  # A machine for large builds of two systems.
  worker --farm http://127.0.0.1:8081 --data ./w1 --systems x86_64-linux,i686-linux \\
         --features big-parallel,kvm

Each option may also come from the environment variable named beside it.
Several --farm addresses are tried one after the other when a connection is lost.
SIGTERM: take no new builds, finish those that run, exit 0. A second one: hand them back at once.`;

/** Reads `arguments_` (without program names); commander prints help and faults, and exits. */
export function readOptions(arguments_: readonly string[]): WorkerOptions {
  const command = describe();
  command.parse([...arguments_], { from: 'user' });
  const given = command.opts<Given>();
  return {
    farms: given.farm,
    data: resolve(given.data),
    name: given.name,
    tokenFile: given.tokenFile,
    maxJobs: given.maxJobs,
    cores: given.cores,
    systems: given.systems,
    features: given.features,
    speed: given.speed,
    backends: given.backends,
    limits: { timeoutSeconds: given.timeout, maxSilentSeconds: given.maxSilentTime },
    minDisk: given.minDisk,
  };
}

interface Given {
  readonly farm: string[];
  readonly data: string;
  readonly name: string;
  readonly minDisk: number;
  readonly tokenFile?: string;
  readonly maxJobs: number;
  readonly cores: number;
  readonly systems: readonly string[];
  readonly features: readonly string[];
  readonly speed: number;
  readonly backends: readonly BackendName[];
  readonly timeout?: number;
  readonly maxSilentTime?: number;
}

function describe(): Command {
  const command = new Command('worker');
  command.description('The worker agent of a Gambeson farm: claims builds, builds them, reports.');
  const option = (flags: string, text: string, variable: string): Option =>
    new Option(flags, text).env(`GAMBESON_WORKER_${variable}`);
  return command
    .addOption(
      new Option('--farm <urls>', "the farm's api, or several of them, separated by commas")
        .env('GAMBESON_FARM')
        .argParser(farmAddresses)
        .makeOptionMandatory(),
    )
    .addOption(
      option('--data <dir>', 'credential, attempts and stores', 'DATA').makeOptionMandatory(),
    )
    .addOption(
      option('--name <name>', 'as the farm shows it', 'NAME')
        .argParser(workerName)
        .default(ownName(), 'the host name'),
    )
    .addOption(option('--token-file <file>', 'one-time token, for the first start', 'TOKEN_FILE'))
    .addOption(
      option('--max-jobs <n>', 'builds at once', 'MAX_JOBS').argParser(whole(1, 1024)).default(1),
    )
    .addOption(
      option('--cores <n>', 'cores of one build; 0 is all', 'CORES')
        .argParser(whole(0, 4096))
        .default(0),
    )
    .addOption(
      option('--systems <list>', 'systems it builds for', 'SYSTEMS')
        .argParser(words(/^[a-z0-9_]+-[a-z0-9_]+$/, 'systems such as x86_64-linux', 32))
        .default([ownSystem()]),
    )
    .addOption(
      option('--features <list>', 'such as kvm,big-parallel', 'FEATURES')
        .argParser(words(/^[A-Za-z0-9._+-]+$/, 'features such as kvm,big-parallel', 64))
        .default([], 'none'),
    )
    .addOption(
      option('--speed <x>', 'beside an ordinary machine', 'SPEED').argParser(speed).default(1),
    )
    .addOption(
      option('--backends <list>', `of ${known.join(', ')}`, 'BACKENDS')
        .argParser(backends)
        .default(ownBackends(), 'those that work here'),
    )
    .addOption(
      option('--min-disk <size>', 'free disk below which it claims nothing; 0 is none', 'MIN_DISK')
        .argParser(diskSize)
        .default(1024 ** 3, '1GiB'),
    )
    .addOption(
      option('--timeout <s>', 'longest build, in seconds', 'TIMEOUT').argParser(
        whole(1, 2_592_000),
      ),
    )
    .addOption(
      option('--max-silent-time <s>', 'longest silence of a build', 'MAX_SILENT_TIME').argParser(
        whole(1, 2_592_000),
      ),
    )
    .addHelpText('after', examples);
}

function farmAddresses(text: string): string[] {
  const list = text.split(',').map((word) => word.trim());
  if (list.some((word) => !URL.canParse(word) || !/^https?:$/.test(new URL(word).protocol))) {
    throw new InvalidArgumentError('It must be an address such as https://farm.example.org.');
  }
  return [...new Set(list.map((word) => word.replace(/\/+$/, '')))];
}

/** Bytes of `500MiB`, `20GiB`, `1TiB` or a plain number of bytes. */
export function diskSize(text: string): number {
  const [, digits, unit = ''] = /^([0-9]{1,15})([KMGT]iB|[KMGT])?$/.exec(text) ?? [];
  if (digits === undefined) throw new InvalidArgumentError('It must be a size such as 20GiB.');
  return Number(digits) * 1024 ** (unit === '' ? 0 : 'KMGT'.indexOf(unit[0]!) + 1);
}

function workerName(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError('It has letters, digits, dot, dash, underscore; at most 63.');
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[0-9]+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

function words(pattern: RegExp, wish: string, most: number): (text: string) => string[] {
  return (text) => {
    const list = [...new Set(text.split(',').map((word) => word.trim()))].filter(Boolean);
    if (list.length <= most && list.every((word) => pattern.test(word))) return list;
    throw new InvalidArgumentError(`It must be at most ${most} ${wish}, separated by commas.`);
  };
}

function speed(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 1000) return value;
  throw new InvalidArgumentError('It must be a number above 0, at most 1000.');
}

function backends(text: string): BackendName[] {
  const list = [...new Set(text.split(',').map((word) => word.trim()))];
  const stranger = list.find((word) => !known.includes(word as BackendName));
  if (stranger === undefined && list.length > 0) return list as BackendName[];
  throw new InvalidArgumentError(
    `There is no backend called ${stranger}; known: ${known.join(', ')}.`,
  );
}

function ownName(): string {
  return (
    hostname()
      .replace(/[^A-Za-z0-9._-]/g, '-')
      .replace(/^[^A-Za-z0-9]+/, '')
      .slice(0, 63) || 'worker'
  );
}

export function ownSystem(): string {
  return `${architectures[process.arch] ?? process.arch}-${process.platform}`;
}

function ownBackends(): BackendName[] {
  const places = (process.env['PATH'] ?? '').split(':').filter((place) => place.startsWith('/'));
  const nix = places.some((place) => existsSync(`${place}/nix-store`));
  return [...(hasDaemon() ? ['guix' as const] : []), ...(nix ? ['nix' as const] : []), 'local'];
}
