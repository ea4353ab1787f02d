/** The settings that a farm's guix-daemon should have, read from how it was started. */
import { readFileSync } from 'node:fs';
import type { DaemonProcess } from '#adapters/backends/guix/build/daemon-process.js';
import { broken, ok, skipped, warning, type Examination, type Finding } from './check.js';

interface Rule {
  readonly name: string;
  look(options: DaemonOptions): Finding;
}

/** The options of one daemon; those that take a value have it, be it in a word of its own. */
export class DaemonOptions {
  constructor(private readonly args: readonly string[]) {}

  has(name: string): boolean {
    return this.args.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  }

  value(name: string, letter?: string): string | undefined {
    for (const [i, arg] of this.args.entries()) {
      if (arg.startsWith(`--${name}=`)) return arg.slice(name.length + 3);
      if (arg === `--${name}` || (letter !== undefined && arg === `-${letter}`)) {
        return this.args[i + 1];
      }
      if (letter !== undefined && arg.startsWith(`-${letter}`) && !arg.startsWith('--')) {
        return arg.slice(2);
      }
    }
    return undefined;
  }
}

const rules: readonly Rule[] = [
  {
    name: 'guix-sandbox',
    look: (options) =>
      options.has('disable-chroot')
        ? broken(
            'it runs with --disable-chroot: builds see the machine, and change with it',
            'leave --disable-chroot out',
          )
        : ok('builds are closed in'),
  },
  {
    name: 'guix-cache-failures',
    look: (options) =>
      options.has('cache-failures')
        ? warning(
            'it runs with --cache-failures: each restart of a build is built twice over',
            'leave --cache-failures out: the farm remembers failures itself',
          )
        : ok('it does not remember failures'),
  },
  {
    name: 'guix-gc-keep-derivations',
    look: (options) =>
      isNo(options.value('gc-keep-derivations'))
        ? warning(
            'it runs with --gc-keep-derivations=no: derivations come from the farm ever again',
            'leave that option out',
          )
        : ok('derivations stay while their outputs do'),
  },
  { name: 'guix-logs', look: logs },
  {
    name: 'guix-substitutes',
    look: (options) =>
      options.has('no-substitutes')
        ? broken('it runs with --no-substitutes: no input can be fetched', 'leave that option out')
        : ok('substitutes are allowed; where from, each build says'),
  },
];

function logs(options: DaemonOptions): Finding {
  const compression = options.value('log-compression') ?? 'gzip';
  if (options.has('lose-logs')) {
    return warning('it runs with --lose-logs: the farm has the only log', 'leave that option out');
  }
  if (compression !== 'none' && !isNo(compression)) return ok(`logs are kept, with ${compression}`);
  return warning('it keeps logs plain, which fills the disk', 'use --log-compression=gzip');
}

function isNo(value: string | undefined): boolean {
  return value === 'no' || value === 'none' || value === '0';
}

export interface DaemonWish {
  readonly maxJobs: number;
  /** Where the groups of the machine are told. */
  readonly groups?: string;
}

export async function examineDaemon(
  processes: readonly DaemonProcess[],
  wish: DaemonWish,
  exam: Examination,
): Promise<void> {
  const [first] = processes;
  if (first === undefined) {
    const why = 'no guix-daemon is seen here: how it was started cannot be told';
    await exam.look('guix-settings', () => skipped(why));
    return;
  }
  const options = new DaemonOptions(first.args);
  for (const { name, look } of rules) await exam.look(name, () => look(options));
  await exam.look('guix-build-users', () => buildUsers(options, wish));
}

/** Each build under way has a user of its own, or it fails for want of one. */
export function buildUsers(options: DaemonOptions, wish: DaemonWish): Finding {
  const { maxJobs, groups = '/etc/group' } = wish;
  const group = options.value('build-users-group');
  if (group === undefined || group === '') {
    return warning('it builds without users of their own', 'use --build-users-group=guixbuild');
  }
  const line = readFileSync(groups, 'utf8')
    .split('\n')
    .find((one) => one.startsWith(`${group}:`));
  const users = (line?.split(':')[3] ?? '').split(',').filter(Boolean).length;
  const told = `${group} has ${users} users, and ${maxJobs} builds run at once`;
  if (users >= maxJobs + 1) return ok(told);
  const advice = `make ${maxJobs + 1 - users} more: each build, and each fetch, wants one`;
  return users >= maxJobs ? warning(told, advice) : broken(told, advice);
}
