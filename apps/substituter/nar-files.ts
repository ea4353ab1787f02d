/**
 * The files of offered paths, as their rows say. Whoever fetches a nar has just read its narinfo,
 * mostly here, so that the bounded memory answers and Postgres is rarely asked.
 */
import type { OfferedPaths, ToldFile, ToldPath } from '#application/ports/offered-paths.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import type { Compression } from '#domain/substitute/offered-path.js';
import type { Store } from '#domain/substitute/store.js';
import { hashPartLength } from '#formats/store-path.js';

const remembered = 65_536;

export class NarFiles {
  private readonly files = new Map<string, ToldFile>();
  private age = 0;

  constructor(private readonly offered: Pick<OfferedPaths, 'file' | 'lookup'>) {}

  learn({ id }: Pick<Store, 'id'>, { path, files }: ToldPath): void {
    for (const file of files) {
      const told = { ...file, fileKey: file.fileKey as FileKey, path };
      this.remember(`${id}/${told.fileKey}`, told);
      this.remember(`${id}/${file.compression}/${path}`, told);
    }
  }

  /** Null when no offered path of this store has such a file. */
  async find(store: number, fileKey: FileKey): Promise<ToldFile | null> {
    const key = `${store}/${fileKey}`;
    const known = this.files.get(key);
    if (known) return known;
    const age = this.age;
    const file = await this.offered.file(store, fileKey);
    if (file && age === this.age) this.remember(key, file);
    return file;
  }

  /** Null when the path is not offered, or not so compressed. */
  async ofPath(
    store: number,
    { path, compression }: { readonly path: string; readonly compression: Compression },
  ): Promise<ToldFile | null> {
    const key = `${store}/${compression}/${path}`;
    const known = this.files.get(key);
    if (known) return known;
    const age = this.age;
    const told = await this.offered.lookup(store, path.slice(0, hashPartLength));
    if (told?.path !== path) return null;
    if (age === this.age) this.learn({ id: store }, told);
    const file = told.files.find((one) => one.compression === compression);
    return file ? { ...file, fileKey: file.fileKey as FileKey, path } : null;
  }

  /** Something changed: all is asked again. */
  forget(): void {
    this.age += 1;
    this.files.clear();
  }

  private remember(key: string, file: ToldFile): void {
    this.files.set(key, file);
    if (this.files.size <= remembered) return;
    const [oldest] = this.files.keys();
    if (oldest !== undefined) this.files.delete(oldest);
  }
}
