/** Reads how clients use the stores: the catalog, and the keys that the substituter tells. */
import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Database } from '#adapters/postgres/database.js';
import { PostgresStoreCatalog } from '#adapters/postgres/store-catalog.js';
import { StoreStandings, type StoreStanding } from '#adapters/postgres/store-standing.js';
import { addressOfStore, useOfStore, type PublicKey } from '#domain/substitute/client-lines.js';
import { dialectOf, type Store } from '#domain/substitute/store.js';
import type { Settings } from '#nest/settings.js';
import type { UseAnswer } from '#protocol/api/use.js';
import { SETTINGS } from '../farm/tokens.js';

/** Milliseconds that the substituter has, when its keys do not lie on this machine. */
const patience = 2000;
const longestKey = 64 * 1024;
/** For how long what was found broken is told. */
const standingDays = 30;

type UsedStore = UseAnswer['stores'][number];

@Injectable()
export class UseReader {
  private readonly catalog: PostgresStoreCatalog;
  private readonly standings: StoreStandings;

  constructor(
    database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.catalog = new PostgresStoreCatalog(database);
    this.standings = new StoreStandings(database);
  }

  /** Of all stores that need no token to read. */
  async read(): Promise<UseAnswer> {
    const stores = (await this.catalog.all()).filter((store) => !store.private);
    const base = this.settings.substitutesUrl;
    const standings = await this.standings.read(standingDays);
    const told = stores.map(async (store) => {
      const { lines, keys, ...use } = useOfStore(store, base, await this.keysOf(store));
      const more = { ttlSeconds: store.ttlSeconds, standing: standingOf(standings, store) };
      return { ...use, ...more, keys: [...keys], lines: [...lines] };
    });
    return { stores: await Promise.all(told) };
  }

  private async keysOf(store: Store): Promise<PublicKey[]> {
    const text = (await this.published(store.slug)) ?? (await this.asked(store));
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

  private async asked(store: Store): Promise<string | null> {
    const address = addressOfStore({ ...store, host: null }, this.settings.substituterUrl);
    try {
      const signal = AbortSignal.timeout(patience);
      const answer = await fetch(`${address}/signing-key.pub`, { signal, redirect: 'error' });
      const text = answer.ok ? await answer.text() : '';
      return text.length > 0 && text.length < longestKey ? text : null;
    } catch {
      return null;
    }
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
