/**
 * The stores of the farm as addresses name them: by slug, or by the host that a store has of its
 * own. They are read again when one changed, and for a name that nobody knows yet.
 */
import type { StoreCatalog } from '#application/ports/store-catalog.js';
import type { Store } from '#domain/substitute/store.js';
import { rootSlug } from './target.js';

export class Stores {
  private bySlug = new Map<string, Store>();
  private byHost = new Map<string, Store>();
  private reading: Promise<void> = Promise.resolve();
  private next: Promise<void> | null = null;

  constructor(private readonly catalog: StoreCatalog) {}

  all(): Store[] {
    return [...this.bySlug.values()];
  }

  /** As it was read last. */
  known(slug: string): Store | null {
    return this.bySlug.get(slug) ?? null;
  }

  /** The slug of the store at the root of a host, told with or without its port. */
  slugAt(host: string | undefined): string {
    if (this.byHost.size === 0 || host === undefined) return rootSlug;
    const name = host.replace(/:[0-9]*$/, '').toLowerCase();
    return this.byHost.get(name)?.slug ?? rootSlug;
  }

  /** Null when there is none. Throws FarmFault `database-unavailable`. */
  async find(slug: string): Promise<Store | null> {
    const known = this.bySlug.get(slug);
    if (known) return known;
    await this.read();
    return this.bySlug.get(slug) ?? null;
  }

  /**
   * Sees all that is committed when it is called; one reads at a time for all who ask. Throws
   * FarmFault `database-unavailable`; what was known stays.
   */
  read(): Promise<void> {
    this.next ??= this.reading
      .catch(() => undefined)
      .then(() => {
        this.next = null;
        return (this.reading = this.readOnce());
      });
    return this.next;
  }

  private async readOnce(): Promise<void> {
    const stores = await this.catalog.all();
    this.bySlug = new Map(stores.map((store) => [store.slug, store]));
    const hosted = stores.filter((store) => store.host !== null);
    this.byHost = new Map(hosted.map((store) => [store.host!.toLowerCase(), store]));
  }
}
