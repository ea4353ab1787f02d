/** Reads how clients use the stores: the catalog, and the keys that the substituter tells. */
import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Database } from '#adapters/postgres/database.js';
import { PostgresStoreCatalog } from '#adapters/postgres/store-catalog.js';
import { StoreStandings, type StoreStanding } from '#adapters/postgres/store-standing.js';
import { useOfStore, type PublicKey } from '#domain/substitute/client-lines.js';
import { dialectOf, type Store } from '#domain/substitute/store.js';
import type { Settings } from '#nest/settings.js';
import type { UseAnswer } from '#protocol/api/use.js';
import { SETTINGS } from '../farm/tokens.js';
import { SubstituterQuestions } from './substituter-questions.js';

/** For how long what was found broken is told. */
const standingDays = 30;

type UsedStore = UseAnswer['stores'][number];

@Injectable()
export class UseReader {
  private readonly catalog: PostgresStoreCatalog;
  private readonly standings: StoreStandings;
  private readonly questions: SubstituterQuestions;

  constructor(
    database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.catalog = new PostgresStoreCatalog(database);
    this.standings = new StoreStandings(database);
    this.questions = new SubstituterQuestions(settings.substituterUrl);
  }

  /** Of all stores that need no token to read. */
  async read(): Promise<UseAnswer> {
    const stores = (await this.catalog.all()).filter((store) => !store.private);
    const base = this.settings.substitutesUrl;
    const standings = await this.standings.read(standingDays);
    const told = stores.map(async (store) => {
      const [own, answering] = await Promise.all([
        this.keysOf(store),
        this.questions.answering(store),
      ]);
      const { lines, keys, ...use } = useOfStore(store, base, own);
      const standing = standingOf(standings, store);
      const more = { ttlSeconds: store.ttlSeconds, standing, answering };
      return { ...use, ...more, keys: [...keys], lines: [...lines] };
    });
    return { stores: await Promise.all(told) };
  }

  private async keysOf(store: Store): Promise<PublicKey[]> {
    const text = (await this.published(store.slug)) ?? (await this.questions.keyOf(store));
    if (text === null || text.trim() === '') return [];
    const whole = `${text.trimEnd()}\n`;
    const texts =
      dialectOf(store) === 'guix' ? [whole] : whole.split(/(?<=\n)/).filter((line) => line.trim());
    return texts.map((one) => ({ text: one, fingerprint: sha256(one) }));
  }

  /** The substituter keeps them beside its public key file, for everybody. */
  private async published(slug: string): Promise<string | null> {
    const folder = join(dirname(this.settings.publicKeyFile), 'public-keys');
    return readFile(join(folder, `${slug}.pub`), 'utf8').catch(() => null);
  }
}

function standingOf(
  standings: ReadonlyMap<string, StoreStanding>,
  { slug }: Store,
): UsedStore['standing'] {
  const standing = standings.get(slug);
  if (!standing) return undefined;
  const { offeredAt, brokenAt, ...counts } = standing;
  const at = (time: Date | null): string | null => time?.toISOString() ?? null;
  return { ...counts, offeredAt: at(offeredAt), brokenAt: at(brokenAt) };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
