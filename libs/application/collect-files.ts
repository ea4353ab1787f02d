/**
 * Unlinks the files and logs that no row names any more, some while after their rows went: what was
 * being named anew at that time is named by now, and clients that were told of a nar shortly before
 * have it.
 */
import { parseFileKey } from '#domain/substitute/file-key.js';
import type { CondemnedFile, CondemnedFiles } from './ports/garbage-store.js';
import type { LogKey, LogRemoval } from './ports/log-store.js';
import type { NarStore } from './ports/nar-store.js';

export interface CollectFilesParts {
  readonly condemned: CondemnedFiles;
  readonly nars: Pick<NarStore, 'remove'>;
  readonly logs: LogRemoval;
  /** Seconds that a file is left after the last row that named it went. */
  readonly grace: number;
  /** A file that cannot be removed now. */
  readonly fault: (file: CondemnedFile, thrown: unknown) => void;
}

/** Answers how many went. */
export async function collectFiles(
  parts: CollectFilesParts,
  goOn: () => boolean = () => true,
): Promise<number> {
  let unlinked = 0;
  while (goOn()) {
    const some = await parts.condemned.unlinkSome(parts.grace, async (file) => {
      await unlink(parts, file).catch((thrown: unknown) => {
        parts.fault(file, thrown);
        throw thrown;
      });
    });
    if (some === 0) return unlinked;
    unlinked += some;
  }
  return unlinked;
}

async function unlink(parts: CollectFilesParts, { key, kind }: CondemnedFile): Promise<void> {
  if (kind === 'log') return parts.logs.remove(key as LogKey);
  const file = parseFileKey(key);
  // A row that names no file of ours is forgotten with it.
  if (file) await parts.nars.remove(file);
}
