/**
 * The system's own programs that the farm can use. On Debian as root the missing ones are installed
 * (no service is started); elsewhere, or without a network, it says what is missing and goes on,
 * since the farm has a substitute for each: BullMQ's Postgres backend, the `local` backend.
 */
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, run } from './programs.mjs';

const gcrypt = '/usr/share/guile/site/3.0/gcrypt/hash.scm';

/** What each Debian package is for, and how its presence is seen. */
const packages = [
  {
    name: 'redis-server',
    here: () => findProgram('redis-server') ?? findProgram('valkey-server'),
    without: 'tickets and timers lie in Postgres',
    for: ['start', 'test', 'bench', 'ci'],
  },
  {
    name: 'nix-bin',
    here: () => findProgram('nix-store'),
    without: 'the demo uses the local backend',
    for: ['start', 'test', 'bench', 'ci'],
  },
  {
    name: 'busybox-static',
    here: () => findProgram('busybox'),
    without: 'the demo of Nix cannot be made',
    for: ['start', 'test', 'bench', 'ci'],
  },
  {
    name: 'bubblewrap',
    here: () => findProgram('bwrap'),
    without: 'local builds and evaluations use plain namespaces',
    for: ['start', 'test', 'bench', 'ci'],
  },
  {
    name: 'xz-utils',
    here: () => findProgram('xz'),
    without: 'upstreams that pack with xz alone are built over',
    for: ['start', 'test', 'bench', 'ci'],
  },
  {
    name: 'git',
    here: () => findProgram('git'),
    without: 'no channel can be fetched',
    for: ['start', 'test', 'bench', 'ci'],
  },
  {
    name: 'chromium',
    here: () => findProgram('chromium'),
    without: 'the pages are not tried in a browser',
    for: ['test', 'ci'],
  },
  {
    name: 'nginx',
    here: () => findProgram('nginx') ?? existsSync('/usr/sbin/nginx'),
    without: 'the reverse proxy is not tried, nor substitutes measured against it',
    for: ['test', 'bench', 'ci'],
  },
  {
    name: 'wrk',
    here: () => findProgram('wrk'),
    without: 'narinfos and nars are not measured',
    for: ['bench'],
  },
  {
    name: 'openssl',
    here: () => findProgram('openssl'),
    without: 'the reverse proxy has no certificates to be tried with',
    for: ['test', 'ci'],
  },
  {
    name: 'lzip',
    here: () => findProgram('lzip'),
    without: 'Guix clients get zstd and gzip alone',
    for: ['start', 'test', 'bench', 'ci'],
  },
  {
    name: 'squashfs-tools',
    here: () => findProgram('unsquashfs'),
    without: 'the provenance of squashfs images cannot be told',
    for: ['test', 'ci'],
  },
  {
    name: 'guile-3.0',
    here: () => findProgram('guile') ?? findProgram('guile-3.0'),
    without: 'Guile does not check our formats',
    for: ['test', 'ci'],
  },
  {
    name: 'guile-gcrypt',
    here: () => existsSync(gcrypt),
    without: 'Guile does not check our signatures',
    for: ['test', 'ci'],
  },
];

const failedStamp = join('node_modules', '.gambeson-apt-failed');
const patienceMillis = 10 * 60 * 1000;

/** Returns the names of the packages that are still missing. */
export function installSystemPrograms(purpose, say) {
  const wanted = packages.filter((entry) => entry.for.includes(purpose));
  const missing = wanted.filter((entry) => !entry.here());
  if (missing.length === 0) return [];
  const names = missing.map((entry) => entry.name);
  const canInstall = process.getuid?.() === 0 && findProgram('apt-get');
  if (canInstall && !failedLately()) {
    say(`installing ${names.join(', ')}`);
    if (!install(names)) writeFileSync(failedStamp, '');
  }
  const still = missing.filter((entry) => !entry.here());
  for (const entry of still) say(`without ${entry.name} (not installed): ${entry.without}`);
  return still.map((entry) => entry.name);
}

/** A machine without a network should not wait for apt at each start. */
function failedLately() {
  if (!existsSync(failedStamp)) return false;
  return Date.now() - statSync(failedStamp).mtimeMs < patienceMillis;
}

function install(names) {
  const environment = { DEBIAN_FRONTEND: 'noninteractive', APT_LISTCHANGES_FRONTEND: 'none' };
  const patience = ['-o', 'Acquire::Retries=1', '-o', 'Acquire::http::Timeout=20'];
  const quiet = { quiet: true, environment };
  run('apt-get', ['update', '-q', ...patience], quiet);
  return withoutServices(() =>
    run(
      'apt-get',
      ['install', '-y', '-q', '--no-install-recommends', ...patience, ...names],
      quiet,
    ),
  );
}

/** Debian starts the services it installs; this is its own way of asking it not to. */
function withoutServices(work) {
  const policy = '/usr/sbin/policy-rc.d';
  if (existsSync(policy)) return work();
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    return work();
  } finally {
    rmSync(policy, { force: true });
  }
}
