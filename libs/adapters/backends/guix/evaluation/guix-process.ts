/**
 * Runs Guix in the sandbox: it sees the store, the daemon's socket and what it is shown, writes
 * only what it is lent, and has no network. What it needs from elsewhere the daemon fetches.
 */
import { existsSync } from 'node:fs';
import type { Cancellation } from '#std/cancellation.js';
import { startBounded, type BoundedProcess } from '../../sandbox/bounded-process.js';
import { bubblewrapped } from '../../sandbox/bubblewrap.js';
import { guixStoreDir } from '../build/guix-place.js';
import { schemeDirectory, type GuixPlace } from './guix-place.js';

export interface Bounds {
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly timeoutSeconds: number;
  readonly memoryBytes: number;
  readonly cancellation: Cancellation;
}

export interface GuixRun {
  /** `guix`, as the sandbox sees it: the machine's, or that of a profile. */
  readonly program: string;
  readonly words: readonly string[];
  /** Path inside → path outside. */
  readonly shown: ReadonlyMap<string, string>;
  readonly lent: ReadonlyMap<string, string>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly bounds: Bounds;
  readonly input?: string;
}

/** Where the sandbox shows our programs. */
export const programsInside = '/gambeson';
/** And the daemon's socket. */
export const socketsInside = '/daemon-socket';

const largestFile = 8 * 2 ** 30;
/** Address space beyond what may be resident: libraries, stacks, and the collector's reserve. */
const addressSpaceBeyond = 4 * 2 ** 30;

export function startGuix(place: GuixPlace, run: GuixRun): BoundedProcess {
  const { deadline, timeoutSeconds, memoryBytes, cancellation } = run.bounds;
  const argv = bubblewrapped({
    argv: [run.program, ...run.words],
    environment: { ...environment, ...run.environment },
    readOnly: new Map([
      [guixStoreDir, `${place.store.root}${guixStoreDir}`.replace(/^\/\//, '/')],
      [programsInside, schemeDirectory()],
      ...(existsSync(place.socketDirectory)
        ? ([[socketsInside, place.socketDirectory]] as const)
        : []),
      ...run.shown,
    ]),
    writable: run.lent,
    user: place.user,
    limits: {
      memoryBytes: memoryBytes + addressSpaceBeyond,
      fileBytes: largestFile,
      cpuSeconds: timeoutSeconds + 10,
    },
  });
  return startBounded({
    argv,
    environment: {},
    deadline,
    memoryBytes,
    cancellation,
    ...(run.input === undefined ? {} : { input: run.input }),
  });
}

/** The words after `guix` that run a program of ours, with what it is told. */
export function ourProgram(name: string, told: readonly string[]): string[] {
  const file = (of: string): string => `${programsInside}/${of}.scm`;
  return ['repl', '--', file(name), file('telling'), ...told];
}

/** Nothing of our own environment goes on, so that no secret in it does. */
const environment = {
  HOME: '/tmp',
  USER: 'gambeson',
  LANG: 'C.UTF-8',
  LC_ALL: 'C.UTF-8',
  PATH: '/usr/bin:/bin',
  XDG_CACHE_HOME: '/tmp/cache',
  // Our programs are small, and the cache of what was compiled would not outlive them.
  GUILE_AUTO_COMPILE: '0',
  GUIX_DAEMON_SOCKET: `${socketsInside}/socket`,
};
