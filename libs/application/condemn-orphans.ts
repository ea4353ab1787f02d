/** Finds files that no row names, though nobody is about to name them, and condemns them. */
import type { CondemnedFiles } from './ports/garbage-store.js';
import type { NarInventory, StoredFile } from './ports/nar-store.js';

export interface OrphanParts {
  readonly inventory: Pick<NarInventory, 'list'>;
  readonly condemned: Pick<CondemnedFiles, 'condemn'>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Bytes come before their row; an upload that takes longer than a day is given up. */
const leftAloneMilliseconds = 24 * 3_600_000;
const askedAtOnce = 1000;

/** Answers their bytes. */
export async function condemnOrphans(
  { inventory, condemned, now }: OrphanParts,
  goOn: () => boolean = () => true,
): Promise<number> {
  let bytes = 0;
  let old: StoredFile[] = [];
  for await (const file of inventory.list()) {
    if (!goOn()) return bytes;
    if (file.changedAt < now() - leftAloneMilliseconds) old.push(file);
    if (old.length < askedAtOnce) continue;
    bytes += await condemned.condemn(old);
    old = [];
  }
  return bytes + (await condemned.condemn(old));
}
