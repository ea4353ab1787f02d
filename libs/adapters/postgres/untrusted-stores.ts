/** Which stores hold what untrusted requests build. What a store is for never changes. */
import type { Client } from './database.js';

export class UntrustedStores {
  private readonly known = new Map<number, boolean>();

  /** Asks only for stores that nobody asked for before. */
  async among(client: Client, stores: readonly number[]): Promise<(store: number) => boolean> {
    if (!stores.every((store) => this.known.has(store))) {
      const { rows } = await client.query<{ id: number; untrusted: boolean }>(
        `select id, kind = 'untrusted' as untrusted from stores`,
      );
      for (const { id, untrusted } of rows) this.known.set(id, untrusted);
    }
    return (store) => this.known.get(store) ?? false;
  }
}
