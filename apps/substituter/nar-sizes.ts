/**
 * The sizes that nar files must have, as their rows say. Whoever fetches a nar has just read its
 * narinfo, mostly here, so that the bounded memory answers and Postgres is rarely asked.
 */
import type { SubstituteStore } from '#application/ports/substitute-store.js';
import type { OfferedPath } from '#domain/substitute/offered-path.js';
import type { Store } from '#domain/substitute/store.js';

const remembered = 65_536;

export class NarSizes {
  private readonly sizes = new Map<string, number>();

  constructor(private readonly substitutes: Pick<SubstituteStore, 'fileSize'>) {}

  remember(slug: string, fileKey: string, size: number): void {
    this.sizes.set(`${slug}/${fileKey}`, size);
    if (this.sizes.size <= remembered) return;
    const [oldest] = this.sizes.keys();
    if (oldest !== undefined) this.sizes.delete(oldest);
  }

  learn({ slug }: Pick<Store, 'slug'>, { files }: Pick<OfferedPath, 'files'>): void {
    for (const { fileKey, fileSize } of files) this.remember(slug, fileKey, fileSize);
  }

  /** Something changed: all is asked again. */
  forget(): void {
    this.sizes.clear();
  }

  /** Bytes; null when no offered path of this store has such a file. */
  async sizeOf(slug: string, fileKey: string): Promise<number | null> {
    const known = this.sizes.get(`${slug}/${fileKey}`);
    if (known !== undefined) return known;
    const size = await this.substitutes.fileSize(slug, fileKey);
    if (size !== null) this.remember(slug, fileKey, size);
    return size;
  }
}
