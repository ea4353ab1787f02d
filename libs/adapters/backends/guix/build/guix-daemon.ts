/**
 * What the worker asks of guix-daemon. Its connection is opened when it is needed, and again when
 * the daemon was restarted; what was rooted is rooted again then.
 */
import { FarmFault } from '#std/farm-fault.js';
import { DaemonConnection, type Answer, type DaemonRequest } from './daemon-connection.js';
import { DaemonGone, type Field } from './daemon-wire.js';

/** The numbers of the operations in the daemon's protocol. */
const operations = {
  addText: 8,
  build: 9,
  addTemporaryRoot: 11,
  setOptions: 19,
  clearFailed: 25,
  pathInfo: 26,
  validPaths: 31,
} as const;

export interface DaemonSettings {
  /** Where to look for substitutes, in this order; none when empty. */
  readonly substituteUrls: readonly string[];
  /** Builders, or downloads, at once. */
  readonly maxJobs: number;
  readonly cores?: number;
  readonly timeoutSeconds?: number;
  readonly maxSilentSeconds?: number;
}

export interface DaemonPathInfo {
  readonly deriver: string;
  /** Hexadecimal, of SHA-256. */
  readonly hash: string;
  readonly references: readonly string[];
  readonly narSize: number;
}

/** Paths in one question. */
const pathsAtOnce = 10_000;

export class GuixDaemon {
  #connection: DaemonConnection | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Daemons do not take substitutes up again on a connection that has put them off. */
  #putOff = false;
  /** Grows each time that somebody leaves, so that what is about to begin does not. */
  #left = 0;
  readonly #roots = new Set<string>();

  constructor(readonly address: string) {}

  /** What the daemon does for us ends, and what waits for its turn is not begun. */
  close(): void {
    this.#left++;
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Those of the paths that are not valid in the store. */
  async invalid(paths: readonly string[]): Promise<string[]> {
    const valid = new Set<string>();
    for (let i = 0; i < paths.length; i += pathsAtOnce) {
      const some = paths.slice(i, i + pathsAtOnce);
      const read: DaemonRequest<string[]>['read'] = (wire) => wire.strings();
      for (const path of await this.#ask(operations.validPaths, [some], read)) valid.add(path);
    }
    return paths.filter((path) => !valid.has(path));
  }

  /** As long as the connection stands they are not collected, be they valid yet or not. */
  async root(paths: readonly string[]): Promise<void> {
    for (const path of paths) {
      if (this.#roots.has(path) && this.#connection?.usable) continue;
      await this.#done(operations.addTemporaryRoot, [path]);
      this.#roots.add(path);
    }
  }

  /** Adds a file made by text; answers the path that the daemon computed. */
  addText(name: string, bytes: Uint8Array, references: readonly string[]): Promise<string> {
    const sorted = [...references].sort();
    return this.#ask(operations.addText, [name, bytes, sorted], (wire) => wire.string());
  }

  pathInfo(path: string): Promise<DaemonPathInfo> {
    return this.#ask(operations.pathInfo, [path], async (wire) => {
      const [deriver, hash] = [await wire.string(), await wire.string()];
      const references = await wire.strings();
      await wire.number();
      return { deriver, hash, references, narSize: await wire.number() };
    });
  }

  /** Forgets that these outputs failed to build once. */
  async clearFailed(outputs: readonly string[]): Promise<void> {
    await this.#done(operations.clearFailed, [outputs]);
  }

  /**
   * Makes paths valid: a `.drv` by building it, anything else by substitutes alone. Yields the
   * trace as it comes. Whoever stops it ends the build, and the connection.
   */
  async *make(
    paths: readonly string[],
    settings: DaemonSettings,
  ): AsyncGenerator<Uint8Array, Answer<void>> {
    const release = await this.#turn();
    try {
      const substitutes = settings.substituteUrls.length > 0;
      if (substitutes && this.#putOff) this.close();
      const left = this.#left;
      await this.#settled(request(operations.setOptions, optionFields(settings)));
      this.#putOff = !substitutes;
      const connection = await this.#open();
      if (left !== this.#left) throw abandoned(connection);
      const building = connection.call({
        operation: operations.build,
        // A build in the usual way: neither a repair nor a check.
        fields: [paths, 0],
        read: async (wire) => void (await wire.number()),
      });
      return yield* building;
    } finally {
      release();
    }
  }

  /** For operations that answer with a one. */
  #done(operation: number, fields: readonly Field[]): Promise<number> {
    return this.#ask(operation, fields, (wire) => wire.number());
  }

  async #ask<T>(
    operation: number,
    fields: readonly Field[],
    read: DaemonRequest<T>['read'],
  ): Promise<T> {
    const release = await this.#turn();
    try {
      return await this.#settled({ operation, fields, read });
    } finally {
      release();
    }
  }

  /** Once more where the connection turns out to have been closed while nothing was asked. */
  async #settled<T>(wish: DaemonRequest<T>): Promise<T> {
    const standing = this.#connection?.usable === true;
    try {
      return await settle((await this.#open()).call(wish));
    } catch (thrown) {
      if (!standing || !(thrown instanceof DaemonGone)) throw thrown;
      return settle((await this.#open()).call(wish));
    }
  }

  async #open(): Promise<DaemonConnection> {
    if (this.#connection?.usable) return this.#connection;
    const connection = await DaemonConnection.open(this.address);
    this.#connection = connection;
    for (const path of this.#roots) {
      const rooted = request(operations.addTemporaryRoot, [path], (wire) => wire.number());
      await settle(connection.call(rooted));
    }
    return connection;
  }

  /** One request at a time. */
  async #turn(): Promise<() => void> {
    const before = this.#last;
    let release: () => void = () => undefined;
    this.#last = new Promise<void>((resolve) => (release = resolve));
    await before;
    return release;
  }
}

function abandoned(connection: DaemonConnection): FarmFault {
  connection.close();
  return new FarmFault('program-failed', 'guix-daemon was left before it began');
}

function request<T = void>(
  operation: number,
  fields: readonly Field[],
  read: DaemonRequest<T>['read'] = () => Promise.resolve(undefined as T),
): DaemonRequest<T> {
  return { operation, fields, read };
}

/** What was asked for; throws FarmFault with the daemon's words when it refuses. */
async function settle<T>(call: AsyncGenerator<Uint8Array, Answer<T>>): Promise<T> {
  const words: Uint8Array[] = [];
  let step = await call.next();
  for (; !step.done; step = await call.next()) words.push(step.value);
  if (step.value.ok) return step.value.value;
  const told = Buffer.concat(words).toString('utf8').trim().slice(-4000);
  const said = [told, step.value.message].filter((part) => part !== '').join(': ');
  const full = /No space left on device|database or disk is full/.test(said);
  throw new FarmFault(full ? 'disk-full' : 'program-failed', `guix-daemon: ${said}`);
}

/**
 * In the order of the protocol: keep failed trees, keep going, build what cannot be substituted,
 * verbosity; offload; verbosity of builders, kind of log, print the trace; use substitutes; pairs.
 */
function optionFields(settings: DaemonSettings): Field[] {
  const { substituteUrls, maxJobs, cores, timeoutSeconds, maxSilentSeconds } = settings;
  const pairs: Record<string, string | number | undefined> = {
    'multiplexed-build-output': 'true',
    'print-extended-build-trace': '1',
    'build-timeout': timeoutSeconds === undefined ? undefined : Math.ceil(timeoutSeconds),
    'build-max-silent-time':
      maxSilentSeconds === undefined ? undefined : Math.ceil(maxSilentSeconds),
    'build-max-jobs': maxJobs,
    'build-cores': cores,
    'substitute-urls': substituteUrls.join(' '),
    locale: 'C.UTF-8',
  };
  const known = Object.entries(pairs).filter(([, value]) => value !== undefined);
  const keepGoing = substituteUrls.length > 0 ? 1 : 0;
  return [
    ...[0, keepGoing, 0, 0],
    // A worker builds itself, and hands nothing on to other machines of its own.
    0,
    ...[0, 0, 1],
    substituteUrls.length > 0 ? 1 : 0,
    known.length,
    ...known.flatMap(([name, value]) => [name, String(value)]),
  ];
}
