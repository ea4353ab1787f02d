/**
 * The sandbox for foreign code, made by bubblewrap: own mounts, processes, network (none), and as
 * another user. As root that user is a real one, so that neither the farm's files nor its processes
 * are its own; otherwise it is the farm's user in a user namespace that sees only what is mounted.
 */
import { lstatSync, readlinkSync } from 'node:fs';
import { never } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { runBounded } from './bounded-process.js';
import { findProgram, lookForProgram, realProgram } from './program.js';

export interface SandboxUser {
  readonly uid: number;
  readonly gid: number;
}

/** The user that owns nothing, on every Linux. */
export const nobody: SandboxUser = { uid: 65534, gid: 65534 };

export interface SandboxedCommand {
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Path inside → directory outside. */
  readonly readOnly: ReadonlyMap<string, string>;
  readonly writable: ReadonlyMap<string, string>;
  readonly user: SandboxUser;
  readonly limits: {
    /** Address space, and the size of one file. */
    readonly memoryBytes: number;
    readonly fileBytes: number;
    readonly cpuSeconds: number;
  };
}

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

/** The argument list that runs a command in the sandbox; it is to be run with no environment. */
export function bubblewrapped(command: SandboxedCommand): string[] {
  return [
    findProgram('prlimit'),
    `--as=${command.limits.memoryBytes}`,
    `--fsize=${command.limits.fileBytes}`,
    `--cpu=${Math.ceil(command.limits.cpuSeconds)}`,
    '--core=0',
    '--nofile=4096',
    '--',
    findProgram('bwrap'),
    ...['ipc', 'pid', 'net', 'uts'].map((namespace) => `--unshare-${namespace}`),
    '--unshare-cgroup-try',
    '--die-with-parent',
    '--new-session',
    '--clearenv',
    ...Object.entries(command.environment).flatMap(([name, value]) => ['--setenv', name, value]),
    ...systemMounts(command),
    ...commandMounts(command),
    ...(isRoot() ? rootPrivileges : userNamespace(command.user)),
    '--chdir',
    '/',
    '--',
    ...(isRoot() ? becoming(command.user) : []),
    ...command.argv,
  ];
}

const rootPrivileges = [
  ...['--cap-drop', 'ALL'],
  ...['CAP_SETUID', 'CAP_SETGID', 'CAP_SETPCAP'].flatMap((name) => ['--cap-add', name]),
];

function userNamespace({ uid, gid }: SandboxUser): string[] {
  return ['--unshare-user', '--uid', `${uid}`, '--gid', `${gid}`, '--cap-drop', 'ALL'];
}

function becoming({ uid, gid }: SandboxUser): string[] {
  return [
    findProgram('setpriv'),
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--no-new-privs',
    '--inh-caps=-all',
    '--bounding-set=-all',
  ];
}

/** Programs and libraries only: no /etc, no home, no variable data of the machine. */
function systemMounts({ argv: [program = ''], readOnly }: SandboxedCommand): string[] {
  const merged = ['/bin', '/sbin', '/lib', '/lib32', '/lib64'].flatMap((path) => {
    const entry = lstatSync(path, { throwIfNoEntry: false });
    if (entry === undefined) return [];
    return entry.isSymbolicLink()
      ? ['--symlink', readlinkSync(path), path]
      : ['--ro-bind', path, path];
  });
  const shown = [...readOnly.keys()].some((inside) => program.startsWith(`${inside}/`));
  const store = shown ? undefined : /^\/(nix|gnu)\/store\//.exec(realProgram(program))?.[0];
  return [
    ...['--ro-bind', '/usr', '/usr', ...merged],
    ...(store === undefined ? [] : ['--ro-bind', store, store]),
    ...['--proc', '/proc', '--dev', '/dev'],
    ...['--perms', '1777', '--size', `${64 * 1024 * 1024}`, '--tmpfs', '/tmp'],
  ];
}

function commandMounts(command: SandboxedCommand): string[] {
  const parents = new Set(
    [...command.readOnly.keys(), ...command.writable.keys()]
      .map((inside) => inside.slice(0, inside.lastIndexOf('/')))
      .filter((parent) => parent !== ''),
  );
  return [
    ...[...parents].flatMap((parent) => ['--perms', '0755', '--dir', parent]),
    ...[...command.readOnly].flatMap(([inside, outside]) => ['--ro-bind', outside, inside]),
    ...[...command.writable].flatMap(([inside, outside]) => ['--bind', outside, inside]),
  ];
}

/** Throws FarmFault `sandbox-unavailable` that names what this machine lacks. */
export async function checkSandbox(user: SandboxUser): Promise<void> {
  const needed = ['bwrap', 'prlimit', ...(isRoot() ? ['setpriv'] : [])];
  const missing = needed.filter((name) => lookForProgram(name) === null);
  if (missing.length > 0) throw unavailable(`the program ${missing.join(' and ')} is missing`);
  const ending = await runBounded({
    argv: bubblewrapped({
      argv: [findProgram('true')],
      environment: {},
      readOnly: new Map(),
      writable: new Map(),
      user,
      limits: { memoryBytes: 2 ** 30, fileBytes: 2 ** 20, cpuSeconds: 10 },
    }),
    environment: {},
    deadline: performance.now() + 10_000,
    cancellation: never,
  });
  if (ending.code === 0) return;
  const words = ending.stderr.trim() || `bubblewrap ended with ${ending.code ?? ending.signal}`;
  throw unavailable(`${words} (are user namespaces allowed on this machine?)`);
}

function unavailable(reason: string): FarmFault {
  return new FarmFault('sandbox-unavailable', `there is no sandbox here: ${reason}`, 'never');
}
