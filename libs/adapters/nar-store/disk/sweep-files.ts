/** Files that nobody writes to any more. */
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFault, isMissing } from './disk-fault.js';

/** The names in a folder; none when there is no such folder. */
export async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((cause: unknown) => {
    if (isMissing(cause)) return [];
    throw diskFault(folder, cause);
  });
}

/** Answers how many were removed. */
export async function sweepFiles(folder: string, olderThanSeconds: number): Promise<number> {
  const before = Date.now() - olderThanSeconds * 1000;
  let swept = 0;
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (!found || found.mtimeMs > before) continue;
    await unlink(path).catch(() => undefined);
    swept += 1;
  }
  return swept;
}
