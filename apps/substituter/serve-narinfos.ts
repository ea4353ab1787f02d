/** Puts together what answers narinfos: what is held, who is asked, and who tells of changes. */
import { Logger } from '@nestjs/common';
import { join } from 'node:path';
import type { Database } from '#adapters/postgres/database.js';
import { PostgresOfferedPaths } from '#adapters/postgres/offered-paths.js';
import { PostgresStoreCatalog } from '#adapters/postgres/store-catalog.js';
import { SubstituteNews } from '#adapters/postgres/substitute-news.js';
import type { ToldPath } from '#application/ports/offered-paths.js';
import type { Store } from '#domain/substitute/store.js';
import type { Settings } from '#nest/settings.js';
import { sentenceOf } from '#std/farm-fault.js';
import { KeptAnswers } from './answers/kept-answers.js';
import { NarinfoRoute, type NarinfoRouteParts } from './narinfo-route.js';
import { ReadNotes } from './read-notes.js';
import { Stores } from './stores.js';

export interface NarinfoService {
  readonly narinfos: NarinfoRoute;
  readonly stores: Stores;
  readonly offered: PostgresOfferedPaths;
  readonly notes: ReadNotes;
  close(): Promise<void>;
}

/** Paths on each of two shelves: 40 to 80 bytes of memory each. */
const entriesAtMost = 2_500_000;

export async function serveNarinfos(
  settings: Settings,
  database: Database,
  parts: Pick<NarinfoRouteParts, 'files'> & { print(path: ToldPath, store: Store): string },
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
  const narinfos = new NarinfoRoute({ ...parts, offered, stores, keeper, lifetimes });
  const news = new SubstituteNews(database, {
    changed: (store, hashParts) => {
      narinfos.changed(store, hashParts);
      if (hashParts === null) void stores.read().catch(() => undefined);
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
  return { narinfos, stores, offered, notes, close };
}
