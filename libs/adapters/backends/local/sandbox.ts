/**
 * How a builder is closed in: by bubblewrap, by util-linux' unshare, or, where the machine allows
 * neither, not at all. Inside, the store holds nothing but the closure of the inputs (read only)
 * and the place for the outputs; the network is there for fixed outputs alone.
 */
import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { lookForProgram } from '../sandbox/program.js';
import { storeDirectory } from './instantiate.js';

export type SandboxKind = 'bubblewrap' | 'unshare' | 'none';

export interface SandboxPlan {
  /** Holds what the builder writes below the store directory. */
  readonly stage: string;
  /** Where each input lies, by base name. */
  readonly inputs: ReadonlyMap<string, string>;
  readonly buildDirectory: string;
  /** An empty directory, the root of the unshare sandbox. */
  readonly rootDirectory: string;
  readonly network: boolean;
  readonly environment: Readonly<Record<string, string>>;
  readonly command: readonly string[];
}

export interface Wrapped {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What goes to file descriptor 3. */
  readonly instructions: string;
}

/** What programs look for outside /usr: alternatives, and names when the network is there. */
const settings = ['/etc/alternatives', '/etc/ld.so.cache'];
const networkSettings = ['/etc/resolv.conf', '/etc/hosts', '/etc/nsswitch.conf', '/etc/ssl'];
const mergedDirectories = ['/bin', '/sbin', '/lib', '/lib32', '/lib64'];

/** Tries them in order, since a program that is there may still be forbidden to do its work. */
export function detectSandbox(): SandboxKind {
  const bwrap = lookForProgram('bwrap');
  if (bwrap && works([bwrap, '--unshare-all', '--ro-bind', '/', '/', '--proc', '/proc'])) {
    return 'bubblewrap';
  }
  const unshare = lookForProgram('unshare');
  const probe = ['/bin/sh', '-c', 'mount -t tmpfs none /mnt'];
  if (unshare && works([unshare, ...namespaces(false)], probe)) return 'unshare';
  return 'none';
}

function works(
  argv: readonly string[],
  command: readonly string[] = ['/bin/sh', '-c', ':'],
): boolean {
  const [program = '', ...args] = [...argv, ...command];
  return spawnSync(program, args, { stdio: 'ignore', timeout: 10_000 }).status === 0;
}

/** The arguments reach bubblewrap by a pipe: a closure may be longer than an argument list. */
export function bubblewrapped(plan: SandboxPlan): Wrapped {
  const bound = [...settings, ...(plan.network ? networkSettings : [])];
  const args = [
    ...[
      '--unshare-user',
      '--unshare-ipc',
      '--unshare-pid',
      '--unshare-uts',
      '--unshare-cgroup-try',
    ],
    ...(plan.network ? [] : ['--unshare-net']),
    ...['--uid', '1000', '--gid', '100', '--hostname', 'localhost'],
    ...['--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp', '--ro-bind', '/usr', '/usr'],
    ...mergedDirectories.flatMap(mergedMount),
    ...foreignStores().flatMap((dir) => ['--ro-bind', dir, dir]),
    ...bound.flatMap((path) => ['--ro-bind-try', path, path]),
    ...['--bind', plan.buildDirectory, '/build', '--bind', plan.stage, storeDirectory],
    ...[...plan.inputs].flatMap(([name, at]) => ['--ro-bind', at, `${storeDirectory}/${name}`]),
    ...['--chdir', '/build'],
  ];
  const bwrap = lookForProgram('bwrap') ?? 'bwrap';
  return {
    argv: [bwrap, '--args', '3', '--', ...plan.command],
    environment: plan.environment,
    instructions: args.map((arg) => `${arg}\0`).join(''),
  };
}

function mergedMount(path: string): string[] {
  const entry = fs.lstatSync(path, { throwIfNoEntry: false });
  if (!entry) return [];
  return entry.isSymbolicLink()
    ? ['--symlink', fs.readlinkSync(path), path]
    : ['--ro-bind', path, path];
}

/** On Guix System and NixOS the shell itself lies in a store. */
function foreignStores(): string[] {
  const store = /^\/(nix|gnu)\/store\//.exec(fs.realpathSync('/bin/sh'));
  return store ? [`/${store[1]}/store`] : [];
}

function namespaces(network: boolean): string[] {
  const own = ['--user', '--map-root-user', '--mount', '--pid', '--ipc', '--uts', '--fork'];
  return [...own, '--kill-child', ...(network ? [] : ['--net'])];
}

/**
 * One line per input on descriptor 3: its place and its name. Read-only where the kernel
 * allows.
 */
const unshareScript = `
set -eu
root=$1 stage=$2 build=$3; shift 3
mount -t tmpfs none "$root"
cd "$root"
mkdir -p usr proc dev tmp etc build .${storeDirectory}
tie() { mount --rbind "$1" "$root$2"; mount -o remount,bind,ro "$root$2" 2>/dev/null || :; }
tie /usr /usr
for d in bin sbin lib lib32 lib64; do
  if [ -L /$d ]; then ln -s "$(readlink /$d)" $d
  elif [ -d /$d ]; then mkdir $d; tie /$d /$d; fi
done
for d in /nix/store /gnu/store; do
  case $(readlink -f /bin/sh) in $d/*) mkdir -p ".$d"; tie $d $d;; esac
done
for f in ${[...settings, ...networkSettings].join(' ')}; do
  if [ -d $f ]; then mkdir -p .$f; tie $f $f
  elif [ -e $f ]; then : > .$f; tie $f $f; fi
done
for n in null zero full random urandom; do : > dev/$n; mount --bind /dev/$n dev/$n; done
mount --bind "$build" build
mount --bind "$stage" .${storeDirectory}
while IFS='	' read -r name at; do
  if [ -d "$at" ]; then mkdir ".${storeDirectory}/$name"; else : > ".${storeDirectory}/$name"; fi
  tie "$at" "${storeDirectory}/$name"
done <&3
mount -t proc proc proc
exec 3<&-
exec chroot "$root" /bin/sh -c 'cd /build && exec "$@"' sh "$@"
`;

export function unshared(plan: SandboxPlan): Wrapped {
  const unshare = lookForProgram('unshare') ?? 'unshare';
  const { rootDirectory, stage, buildDirectory, environment, command } = plan;
  // The script's own variables must not meet the builder's.
  const words = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
  const script = ['/bin/sh', '-c', unshareScript, 'sh', rootDirectory, stage, buildDirectory];
  return {
    argv: [unshare, ...namespaces(plan.network), ...script, 'env', '-i', ...words, ...command],
    environment: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    instructions: [...plan.inputs].map(([name, at]) => `${name}\t${at}\n`).join(''),
  };
}
