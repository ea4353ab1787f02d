/**
 * The nar store as those write to it who work beside serving: while the disk is so short that
 * nothing is taken in, nothing is fetched or encoded either. Reading goes on.
 */
import type {
  ByteRange,
  NarInventory,
  NarStore,
  OpenFile,
  StagedFile,
  StoredFile,
} from '#application/ports/nar-store.js';
import type { DiskLevel } from '#domain/retention/disk-level.js';
import type { FileKey } from '#domain/substitute/file-key.js';
import { FarmFault } from '#std/farm-fault.js';

export class GuardedNars implements NarStore, NarInventory {
  constructor(
    private readonly nars: NarStore & NarInventory,
    private readonly disk: { readonly level: DiskLevel },
  ) {}

  async stage(): Promise<StagedFile> {
    if (this.disk.level !== 'hard') return this.nars.stage();
    throw new FarmFault('disk-full', 'the disk of the nar store is too short to take more in');
  }

  open(key: FileKey, range?: ByteRange): Promise<OpenFile | null> {
    return this.nars.open(key, range);
  }

  size(key: FileKey): Promise<number | null> {
    return this.nars.size(key);
  }

  remove(key: FileKey): Promise<boolean> {
    return this.nars.remove(key);
  }

  sweepStaged(olderThanSeconds: number): Promise<number> {
    return this.nars.sweepStaged(olderThanSeconds);
  }

  list(): AsyncIterable<StoredFile> {
    return this.nars.list();
  }

  quarantine(key: FileKey): Promise<boolean> {
    return this.nars.quarantine(key);
  }
}
