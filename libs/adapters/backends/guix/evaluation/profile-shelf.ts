/**
 * Profiles of channels: Guix at exact commits, authenticated and built by `guix time-machine`, kept
 * from one evaluation to the next by a root.
 */
import { mkdir, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import { parseStorePath } from '#formats/store-path.js';
import type { EvaluationRequest } from '#application/ports/backend.js';
import { printChannels } from '#domain/evaluation/channels-scm.js';
import { withoutCredentials } from '#domain/specification/channel-grammar.js';
import { readGuixEvent } from './guix-events.js';
import { guixStoreDir } from '../build/guix-place.js';
import type { GuixPlace } from './guix-place.js';
import { ourProgram, type Bounds, type GuixRun } from './guix-process.js';
import { makePlaces, placesOf, sweepPlaces, touch, type ShelfPlaces } from './shelf-places.js';
import { newMark, runTelling, type Told } from './told.js';

const settingsInside = '/settings';

export class ProfileShelf {
  /** Where something is made now: Guix works on a clone as if it were alone. */
  readonly #underWay = new Map<string, Promise<void>>();

  constructor(private readonly place: GuixPlace) {}

  /**
   * Answers the store path of the profile. Yields what Guix says meanwhile, for the log. Whoever
   * finds it under way waits for it; when it was given up then, it is made here.
   */
  async *of(request: EvaluationRequest, bounds: Bounds): AsyncGenerator<Said, string, undefined> {
    const places = placesOf(this.place.directory, request.channels);
    const { clones } = places;
    const known = await this.#known(places);
    if (known !== null) return known;
    const other = (): Promise<void> | undefined => this.#underWay.get(clones);
    for (let making = other(); making; making = other()) await making;
    let done = (): void => undefined;
    this.#underWay.set(clones, new Promise<void>((resolve) => (done = resolve)));
    try {
      const made = await this.#known(places);
      return made ?? (yield* this.#make({ places, request, bounds }));
    } finally {
      this.#underWay.delete(clones);
      done();
    }
  }

  async #known({ profile, root }: ShelfPlaces): Promise<string | null> {
    const path = await this.#target(root);
    if (path !== null) await touch(profile);
    return path;
  }

  async *#make(making: Making): AsyncGenerator<Said, string, undefined> {
    const { places, request } = making;
    const lent = await makePlaces(this.place, places);
    const settings = join(request.workDirectory, 'settings');
    await writeSettings(settings, request);
    const profile = yield* this.#run(making, { lent, settings });
    await sweepPlaces(this.place.directory);
    return profile;
  }

  async *#run(
    { places, request, bounds }: Making,
    { lent, settings }: Pick<GuixRun, 'lent'> & { readonly settings: string },
  ): AsyncGenerator<Said, string, undefined> {
    const mark = newMark();
    const repositories = [...(request.repositories ?? [])];
    const run: GuixRun = {
      program: this.place.program,
      words: [
        ...['time-machine', '-C', `${settingsInside}/channels.scm`, '--'],
        ...ourProgram('profile', [mark, places.root]),
      ],
      shown: new Map([
        [settingsInside, settings],
        ...repositories.map(([name, lent]) => [repositoryInside(name), lent.directory] as const),
        ...repositories.flatMap(([, lent]) => lent.borrows.map((path) => [path, path] as const)),
      ]),
      lent,
      environment: { HOME: settingsInside, XDG_CACHE_HOME: places.cache },
      bounds,
    };
    const what = 'making the profile of the channels';
    let path: string | null = null;
    for await (const told of runTelling(this.place, run, { mark, what })) {
      if (told.kind === 'log') yield told;
      else {
        const event = readGuixEvent(told.json);
        if (event.kind === 'profile') path = event.path;
        if (event.kind === 'failed') throw new FarmFault('evaluator-failed', event.words, 'never');
      }
    }
    if (path !== null && (await this.#target(places.root)) === path) return path;
    throw new FarmFault('evaluator-failed', 'Guix made no profile of the channels', 'never');
  }

  /** The profile that a root keeps; null when it is gone. */
  async #target(root: string): Promise<string | null> {
    const target = await readlink(root).catch(() => null);
    if (target === null || !parseStorePath(guixStoreDir, target).ok) return null;
    const there = await stat(join(this.place.store.root, target, 'bin')).catch(() => null);
    return there === null ? null : target;
  }
}

type Said = Extract<Told, { kind: 'log' }>;

interface Making {
  readonly places: ShelfPlaces;
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

function repositoryInside(name: string): string {
  return `/repositories/${name}`;
}
