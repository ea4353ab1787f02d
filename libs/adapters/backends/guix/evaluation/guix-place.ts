/** Where Guix lies on this machine, and what its evaluator keeps there. */
import { existsSync } from 'node:fs';
import { chown, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { never } from '#std/cancellation.js';
import { InvariantBroken } from '#std/invariant.js';
import { runBounded } from '../../sandbox/bounded-process.js';
import { isRoot, nobody, type SandboxUser } from '../../sandbox/bubblewrap.js';
import { findProgram, lookForProgram, realProgram } from '../../sandbox/program.js';
import { daemonAddress, guixStoreDir } from '../build/guix-place.js';
import type { ReferencesOf, StorePlace } from '../../sandbox/store-files.js';

export interface GuixPlace {
  /** The `guix` that the machine's operator chose, as the sandbox sees it. */
  readonly program: string;
  readonly store: StorePlace;
  /** The directory of the daemon's socket. */
  readonly socketDirectory: string;
  /** Profiles, caches and roots of the evaluator. */
  readonly directory: string;
  readonly user: SandboxUser;
}

export interface GuixEvaluationOptions {
  /** What the evaluator keeps between evaluations; made when missing. An absolute path. */
  readonly directory: string;
  /** What the daemon knows of a path of its store. */
  readonly referencesOf: ReferencesOf;
  /** Else looked for in PATH. */
  readonly program?: string;
  /** Before the store directory; else the machine's own store. */
  readonly storeRoot?: string;
  readonly socketDirectory?: string;
  /** Whom the evaluator runs as when we are root; else nobody. */
  readonly user?: SandboxUser;
}

export function placeFrom(options: GuixEvaluationOptions): GuixPlace {
  return {
    program: options.program ?? realProgram(findProgram('guix')),
    store: { root: options.storeRoot ?? '/', dir: guixStoreDir },
    socketDirectory: options.socketDirectory ?? dirname(daemonAddress()),
    directory: options.directory,
    user: options.user ?? nobody,
  };
}

/** The Guix that is installed, or null. */
export async function probeGuix(): Promise<{ readonly version: string } | null> {
  const program = lookForProgram('guix');
  if (program === null) return null;
  const ending = await runBounded({
    argv: [program, '--version'],
    environment: { HOME: '/homeless-shelter', LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    deadline: performance.now() + 30_000,
    cancellation: never,
  });
  const version = /\(GNU Guix\) (\S+)/.exec(ending.stdout)?.[1];
  return ending.code === 0 && version !== undefined ? { version } : null;
}

/** Makes a directory that the sandbox's user may write, and nobody else's code. */
export async function makeWritable(place: GuixPlace, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  if (isRoot()) await chown(directory, place.user.uid, place.user.gid);
}

/** Our programs in Scheme lie at the root of the checkout: this file runs from there or `dist/`. */
export function schemeDirectory(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const found = [5, 6]
    .map((up) => join(here, ...Array.from({ length: up }, () => '..'), 'scheme'))
    .find((directory) => existsSync(join(directory, 'evaluate.scm')));
  if (found === undefined) throw new InvariantBroken(`there is no directory scheme above ${here}`);
  return found;
}
