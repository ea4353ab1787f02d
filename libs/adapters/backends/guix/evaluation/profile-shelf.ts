/**
 * Profiles of channels: Guix at exact commits, authenticated and built by `guix time-machine`, kept
 * from one evaluation to the next by a root. What Guix itself remembers of channels (their clones,
 * and which commits are authentic) is kept apart by their addresses and introductions, since it
 * looks commits up there without asking again who vouched for them.
 */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, readlink, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import { parseStorePath } from '#formats/store-path.js';
import type { EvaluationRequest } from '#application/ports/backend.js';
import { inGuixOrder, printChannels } from '#domain/evaluation/channels-scm.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import { withoutCredentials } from '#domain/specification/channel-grammar.js';
import { readGuixEvent } from './guix-events.js';
import { guixStoreDir } from '../build/guix-place.js';
import { makeWritable, type GuixPlace } from './guix-place.js';
import { ourProgram, type Bounds, type GuixRun } from './guix-process.js';
import { newMark, runTelling, type Told } from './told.js';

export interface Profile {
  /** A store path. */
  readonly path: string;
  /** What it needs, itself among it, with what that refers to. */
  readonly closure: ReadonlyMap<string, readonly string[]>;
}

const profilesKept = 32;
/** A clone of Guix takes 1 GB. */
const cachesKept = 6;
const closureFile = 'closure.json';
const settingsInside = '/settings';

export class ProfileShelf {
  /** Those that are made now, by their key. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(private readonly place: GuixPlace) {}

  /**
   * Yields what Guix says meanwhile, for the log. Whoever finds it under way waits for it; when it
   * was given up then, it is made here.
   */
  async *of(request: EvaluationRequest, bounds: Bounds): AsyncGenerator<Said, Profile, undefined> {
    const key = digestOf(printChannels(request.channels));
    const directory = join(this.place.directory, 'profiles', key);
    for (let other = this.#underWay.get(key); other; other = this.#underWay.get(key)) await other;
    const known = await this.#known(directory);
    if (known !== null) return known;
    let done = (): void => undefined;
    const making = new Promise<void>((resolve) => (done = resolve));
    this.#underWay.set(key, making);
    try {
      return yield* this.#make({ directory, request, bounds });
    } finally {
      this.#underWay.delete(key);
      done();
    }
  }

  async #known(directory: string): Promise<Profile | null> {
    const path = await this.#rootIn(directory);
    const closure = path === null ? null : await readClosure(directory);
    if (path === null || closure === null) return null;
    await touch(directory);
    return { path, closure };
  }

  async *#make(making: Making): AsyncGenerator<Said, Profile, undefined> {
    const { directory, request } = making;
    const cache = join(this.place.directory, 'caches', cacheKey(request.channels));
    await makeWritable(this.place, directory);
    await makeWritable(this.place, cache);
    await Promise.all([touch(directory), touch(cache)]);
    const settings = join(request.workDirectory, 'settings');
    await writeSettings(settings, request);
    const profile = yield* this.#run(making, { cache, settings });
    await this.#sweep('profiles', profilesKept);
    await this.#sweep('caches', cachesKept);
    return profile;
  }

  async *#run(
    { directory, request, bounds }: Making,
    { cache, settings }: { readonly cache: string; readonly settings: string },
  ): AsyncGenerator<Said, Profile, undefined> {
    const mark = newMark();
    const root = join(directory, 'root');
    const repositories = [...(request.repositories ?? [])];
    const run: GuixRun = {
      program: this.place.program,
      words: [
        ...['time-machine', '-C', `${settingsInside}/channels.scm`, '--'],
        ...ourProgram('profile', [mark, root]),
      ],
      shown: new Map([
        [settingsInside, settings],
        ...repositories.map(([name, lent]) => [repositoryInside(name), lent.directory] as const),
        ...repositories.flatMap(([, lent]) => lent.borrows.map((path) => [path, path] as const)),
      ]),
      // The daemon looks roots up under their names, which must be the same inside.
      lent: new Map([directory, cache].map((path) => [path, path])),
      environment: { HOME: settingsInside, XDG_CACHE_HOME: cache },
      bounds,
    };
    const what = 'making the profile of the channels';
    let path: string | null = null;
    const closure = new Map<string, readonly string[]>();
    for await (const told of runTelling(this.place, run, { mark, what })) {
      if (told.kind === 'log') yield told;
      else {
        const event = readGuixEvent(told.json);
        if (event.kind === 'profile') path = event.path;
        if (event.kind === 'path') closure.set(event.path, event.references);
        if (event.kind === 'failed') throw new FarmFault('evaluator-failed', event.words, 'never');
      }
    }
    if (path !== null && (await this.#rootIn(directory)) === path) {
      await writeFile(join(directory, closureFile), JSON.stringify([...closure]));
      return { path, closure };
    }
    throw new FarmFault('evaluator-failed', 'Guix made no profile of the channels', 'never');
  }

  /** The profile that a directory's root keeps; null when it is gone. */
  async #rootIn(directory: string): Promise<string | null> {
    const target = await readlink(join(directory, 'root')).catch(() => null);
    if (target === null || !parseStorePath(guixStoreDir, target).ok) return null;
    const program = join(this.place.store.root, target, 'bin', 'guix');
    // What it links to may lie in a store that is somewhere else on this machine.
    const there = await stat(join(program, '..')).catch(() => null);
    return there === null ? null : target;
  }

  /** Lets go of those that were not used for longest. A profile that is gone is made again. */
  async #sweep(kind: 'profiles' | 'caches', kept: number): Promise<void> {
    const directory = join(this.place.directory, kind);
    const aged = await Promise.all(
      (await readdir(directory)).map(async (name) => {
        const path = join(directory, name);
        return { path, used: (await stat(path).catch(() => null))?.mtimeMs ?? 0 };
      }),
    );
    const old = aged.sort((a, b) => b.used - a.used).slice(kept);
    const hourAgo = Date.now() - 3600_000;
    for (const { path, used } of old) {
      if (used < hourAgo) await rm(path, { recursive: true, force: true });
    }
  }
}

type Said = Extract<Told, { kind: 'log' }>;

interface Making {
  readonly directory: string;
  readonly request: EvaluationRequest;
  readonly bounds: Bounds;
}

/** The channels' file, and git's settings: what the farm has takes the place of addresses. */
async function writeSettings(directory: string, request: EvaluationRequest): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await writeFile(join(directory, 'channels.scm'), printChannels(request.channels));
  const urls = new Map(request.channels.map(({ channel, url }) => [channel, url]));
  const names = [...(request.repositories ?? new Map<string, unknown>()).keys()];
  const replacements = names.map((name) => {
    const address = withoutCredentials(urls.get(name) ?? '').replaceAll(/["\\]/g, '\\$&');
    return `[url "file://${repositoryInside(name)}"]\n\tinsteadOf = "${address}"\n`;
  });
  // The libgit2 of 2022 knows no `*` there.
  const safe = names.map((name) => `\tdirectory = ${repositoryInside(name)}\n`);
  const settings = ['[safe]\n', ...safe, ...replacements];
  await writeFile(join(directory, '.gitconfig'), settings.join(''));
}

/** Null when it was never written to its end. */
async function readClosure(directory: string): Promise<Profile['closure'] | null> {
  try {
    const text = await readFile(join(directory, closureFile), 'utf8');
    return new Map(JSON.parse(text) as [string, string[]][]);
  } catch {
    return null;
  }
}

function repositoryInside(name: string): string {
  return `/repositories/${name}`;
}

/** Of what says which commits are authentic, and nothing else. */
function cacheKey(channels: readonly ChannelRevision[]): string {
  const trust = inGuixOrder(channels).map(({ channel, url, introduction }) => [
    ...[channel, withoutCredentials(url)],
    ...[introduction?.commit ?? '', introduction?.fingerprint ?? ''],
  ]);
  return digestOf(JSON.stringify(trust));
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 40);
}

async function touch(directory: string): Promise<void> {
  const now = new Date();
  await utimes(directory, now, now).catch(() => undefined);
}
