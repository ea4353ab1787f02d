/** Carries an operator's wishes of stores to the registry, and says in HTTP why one is refused. */
import { Inject, Injectable } from '@nestjs/common';
import { Database } from '#adapters/postgres/database.js';
import { PostgresStoreRegistry } from '#adapters/postgres/store-registry.js';
import type { ManagedStore, StoreRegistry } from '#application/ports/store-registry.js';
import { dialectOf } from '#domain/substitute/store.js';
import { parseGuixPublicKey } from '#formats/guix-signature.js';
import { parseNixPublicKey } from '#formats/nix-signature.js';
import { notFound, ProblemException } from '#nest/problem.js';
import type { Settings } from '#nest/settings.js';
import type { StoreAnswer, StoreChange, StoreRequest } from '#protocol/api/store.js';
import { SETTINGS } from '../farm/tokens.js';

@Injectable()
export class Stores {
  private readonly registry: StoreRegistry;

  constructor(
    database: Database,
    @Inject(SETTINGS) private readonly settings: Settings,
  ) {
    this.registry = new PostgresStoreRegistry(database);
  }

  async list(): Promise<StoreAnswer[]> {
    const stores = await this.registry.list();
    return stores.map((store) => this.answerOf(store));
  }

  async add({ slug, dir, kind, ...changes }: StoreRequest): Promise<StoreAnswer> {
    checkKeys(changes, dir);
    const added = await this.registry.add({ slug, dir, kind }, given(changes));
    if (added === 'slug-taken') {
      const detail = `There is a store ${slug} already; PATCH changes it.`;
      throw new ProblemException({ status: 409, kind: 'slug-taken', detail });
    }
    if (added === 'host-taken') throw hostTaken(changes.host);
    return this.find(slug);
  }

  async change(slug: string, changes: StoreChange): Promise<StoreAnswer> {
    const { dir } = await this.find(slug);
    checkKeys(changes, dir);
    const changed = await this.registry.change(slug, given(changes));
    if (changed === 'unknown') throw notFound(`store ${slug}`);
    if (changed === 'host-taken') throw hostTaken(changes.host);
    return this.find(slug);
  }

  async find(slug: string): Promise<StoreAnswer> {
    const found = (await this.registry.list()).find((store) => store.slug === slug);
    if (!found) throw notFound(`store ${slug}`);
    return this.answerOf(found);
  }

  private answerOf(store: ManagedStore): StoreAnswer {
    const { substituterUrl } = this.settings;
    const scheme = new URL(substituterUrl).protocol;
    const address = store.host ? `${scheme}//${store.host}` : `${substituterUrl}/${store.slug}`;
    const { id, trustedKeys, encodings } = store;
    const lists = { trustedKeys: [...trustedKeys], encodings: encodings && [...encodings] };
    return { ...store, ...lists, id: String(id), address };
  }
}

/** Without the fields of which nothing was said. */
function given(changes: StoreChange): Parameters<StoreRegistry['change']>[1] {
  return Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
}

function checkKeys({ trustedKeys = [] }: StoreChange, dir: string): void {
  const guix = dialectOf({ dir }) === 'guix';
  const isKey = (key: string): boolean =>
    guix ? parseGuixPublicKey(key).ok : parseNixPublicKey(key).ok;
  const bad = trustedKeys.findIndex((key) => !isKey(key));
  if (bad < 0) return;
  const form = guix ? 'an s-expression (public-key …)' : 'NAME:BASE64';
  throw new ProblemException({
    ...{ status: 422, kind: 'bad-key', detail: 'A public key cannot be read.' },
    errors: [{ pointer: `/trustedKeys/${bad}`, detail: `is not ${form}` }],
  });
}

function hostTaken(host: string | null | undefined): ProblemException {
  return new ProblemException({
    ...{ status: 409, kind: 'host-taken', detail: `Another store answers at ${host}.` },
    errors: [{ pointer: '/host', detail: 'is the host of another store' }],
  });
}
