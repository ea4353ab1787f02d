/** Puts together what answers narinfos: what is held, who is asked, and who tells of changes. */
import { Logger } from '@nestjs/common';
import { join } from 'node:path';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresOfferedPaths } from '#adapters/postgres/offered-paths.js';
import { PostgresStoreCatalog } from '#adapters/postgres/store-catalog.js';
import { Listening } from '#adapters/postgres/listening.js';
import type { NarStore } from '#application/ports/nar-store.js';
import type { Settings } from '#nest/settings.js';
import { sentenceOf } from '#std/farm-fault.js';
import { KeptAnswers } from './answers/kept-answers.js';
import { ContentsRoute } from './contents-route.js';
import { NarFiles } from './nar-files.js';
import { NarRoute, type NarRouteParts } from './nar-route.js';
import { NarinfoRoute, type NarinfoRouteParts } from './narinfo-route.js';
import { ReadNotes } from './read-notes.js';
import { Stores } from './stores.js';

export interface ServedParts extends Pick<NarinfoRouteParts, 'print'> {
  readonly nars: NarStore;
  readonly accel: NarRouteParts['accel'];
  readonly suspect: NarRouteParts['suspect'];
}

export interface NarinfoService {
  readonly narinfos: NarinfoRoute;
  readonly nars: NarRoute;
  readonly contents: ContentsRoute;
  readonly stores: Stores;
  close(): Promise<void>;
}

/** Paths on each of two shelves: 40 to 80 bytes of memory each. */
const entriesAtMost = 2_500_000;

export async function serveNarinfos(
  settings: Settings,
  database: Database,
  parts: ServedParts,
): Promise<NarinfoService> {
  const logger = new Logger('substitutes');
  const stores = new Stores(new PostgresStoreCatalog(database));
  const offered = new PostgresOfferedPaths(database);
  const notes = new ReadNotes(offered);
  const { maxAge, missMaxAge, diskBytes, memoryBytes } = settings.narinfos;
  const keeper = await KeptAnswers.open(
    { entries: entriesAtMost, fileBytes: diskBytes / 2, memoryBytes: memoryBytes / 2 },
    {
      directory: join(settings.dataDirectory, 'narinfos'),
      noteRead: (store, hashPart) => notes.note(store, hashPart),
      warn: (sentence, error) => logger.warn(`${sentence}: ${sentenceOf(error)}`),
    },
  );
  const lifetimes = { narinfo: maxAge, miss: missMaxAge };
  const files = new NarFiles(offered);
  const { print, ...rest } = parts;
  const narinfos = new NarinfoRoute({ print, files, offered, stores, keeper, lifetimes });
  const contents = new ContentsRoute({ offered, nars: parts.nars, lifetimes });
  const nars = new NarRoute({ ...rest, files, notes, lifetimes });
  // What `tell_substitutes` tells; without parts any path of the store may have changed.
  const news = new Listening(database, 'substitutes', {
    heard: (payload) => {
      const { store, parts } = JSON.parse(payload) as { store: number; parts?: string[] };
      narinfos.changed(store, parts ?? null);
      if (!parts) void stores.read().catch(() => undefined);
    },
    hearing: (told) => {
      narinfos.hearing(told);
      if (told) void stores.read().catch(() => undefined);
    },
  });
  await news.start();
  await stores.read().catch(() => undefined);
  const close = async (): Promise<void> => {
    await news.close();
    await notes.write();
    await keeper.close();
  };
  return { narinfos, nars, contents, stores, close };
}
