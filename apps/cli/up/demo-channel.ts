/**
 * The demo channel: a real git repository below the data directory (a bare one that the farm polls,
 * a work tree to commit in and push from), made once from the files in demo/.
 */
import { execFile } from 'node:child_process';
import { cp, copyFile, mkdir, rename, rm, stat, writeFile, chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import type { SpecificationInput } from '#protocol/specification.js';
import { inCheckout } from '../checkout.js';
import { findProgram } from './redis-server.js';

const start = promisify(execFile);

export type DemoBackend = 'nix' | 'local';

export interface DemoChannel {
  readonly backend: DemoBackend;
  /** The bare repository that the farm polls. */
  readonly url: string;
  /** Where a person commits and pushes from. */
  readonly workTree: string;
}

export const demoName = 'demo';
const files = { nix: 'release.nix', local: 'farm.json' } as const;

/** The machine's system as package managers name it. */
export function ownSystem(): string {
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch as string] ?? process.arch;
  return `${machine}-${process.platform}`;
}

const nixNeeds = ['nix-store', 'nix-instantiate', 'busybox', 'bwrap'];

/** `auto` is nix when all that it needs is there. Throws when nix was asked for in vain. */
export async function chooseBackend(wish: 'auto' | DemoBackend): Promise<DemoBackend> {
  if (wish === 'local') return 'local';
  const found = await Promise.all(nixNeeds.map(findProgram));
  const missing = nixNeeds.filter((_, index) => found[index] === null);
  if (missing.length === 0) return 'nix';
  if (wish === 'auto') return 'local';
  throw new FarmFault('program-missing', `not installed: ${missing.join(', ')}`, 'never');
}

/** Makes the repositories unless they are there. Each backend has its own, so both may be tried. */
export async function ensureDemoChannel(data: string, backend: DemoBackend): Promise<DemoChannel> {
  const workTree = join(data, `demo-channel-${backend}`);
  const bare = `${workTree}.git`;
  const channel = { backend, url: `file://${bare}`, workTree };
  if (await stat(workTree).catch(() => null)) return channel;
  const making = `${workTree}.making`;
  for (const path of [making, bare]) await rm(path, { recursive: true, force: true });
  await mkdir(making, { recursive: true });
  await fill(making, backend);
  await git(data, ['init', '--quiet', '--bare', '--initial-branch=main', bare]);
  await git(making, ['init', '--quiet', '--initial-branch=main']);
  if (!(await hasIdentity(making))) await lendIdentity(making);
  await git(making, ['remote', 'add', 'origin', bare]);
  await git(making, ['add', '--all']);
  await git(making, ['commit', '--quiet', '--message', 'Add the demo jobs']);
  await git(making, ['push', '--quiet', '--set-upstream', 'origin', 'main']);
  // The last step makes it count: a start that was cut short begins anew.
  await rename(making, workTree);
  return channel;
}

export function demoSpecification(channel: DemoChannel): SpecificationInput {
  return {
    name: demoName,
    backend: channel.backend,
    channels: [{ name: 'demo', url: channel.url, branch: 'main' }],
    selection: { channel: 'demo', file: files[channel.backend] },
    systems: [ownSystem()],
    priority: 5,
    period: 60,
    share: 100,
    limits: {},
    active: true,
    superseded: 'keep',
    keep: 3,
  };
}

async function fill(directory: string, backend: DemoBackend): Promise<void> {
  await cp(inCheckout(join('demo', backend)), directory, { recursive: true });
  if (backend === 'local') return;
  await writeFile(join(directory, 'system.nix'), `"${ownSystem()}"\n`);
  const busybox = await findProgram('busybox');
  await mkdir(join(directory, 'tools'));
  await copyFile(busybox!, join(directory, 'tools', 'busybox'));
  await chmod(join(directory, 'tools', 'busybox'), 0o755);
}

const identity = [
  ['user.name', 'Gambeson'],
  ['user.email', 'gambeson@localhost'],
] as const;

/** Whether git knows in whose name people commit here; a bare machine's does not. */
async function hasIdentity(directory: string): Promise<boolean> {
  return start('git', ['-C', directory, 'config', 'user.email'], { env: process.env }).then(
    () => true,
    () => false,
  );
}

async function lendIdentity(directory: string): Promise<void> {
  for (const setting of identity) await git(directory, ['config', ...setting]);
}

/** With the farm's own identity, and none of the user's settings. */
async function git(directory: string, parameters: readonly string[]): Promise<void> {
  const as = identity.flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  try {
    await start('git', ['-C', directory, ...as, ...parameters], {
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        GIT_CONFIG_GLOBAL: '/dev/null',
        GIT_CONFIG_SYSTEM: '/dev/null',
      },
    });
  } catch (cause) {
    const message = `git ${parameters[0]} failed: ${sentenceOf(cause)}`;
    throw new FarmFault('program-failed', message, 'never', { cause });
  }
}
