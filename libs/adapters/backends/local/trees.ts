/** Trees on disk that builders left: moved, removed whatever their modes, and made canonical. */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { dumpPath, restoreNar } from '#adapters/system/nar-disk.js';

/** Renames, or copies when the two lie on different file systems. */
export async function moveTree(from: string, to: string): Promise<void> {
  try {
    await fs.promises.rename(from, to);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EXDEV') throw thrown;
    await restoreNar(dumpPath(from), to);
    await removeTree(from);
  }
}

/** Removes a tree, also one whose directories the builder closed to writing. */
export async function removeTree(path: string): Promise<void> {
  try {
    await fs.promises.rm(path, { recursive: true, force: true });
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EPERM' && code !== 'ENOTEMPTY') throw thrown;
    openDirectories(path);
    await fs.promises.rm(path, { recursive: true, force: true });
  }
}

function openDirectories(root: string): void {
  const stack = [root];
  for (let path = stack.pop(); path !== undefined; path = stack.pop()) {
    if (!fs.lstatSync(path, { throwIfNoEntry: false })?.isDirectory()) continue;
    fs.chmodSync(path, 0o755);
    for (const name of fs.readdirSync(path)) stack.push(join(path, name));
  }
}

/**
 * Gives every file of a tree the modes and the time that a nar restores: 644 or 755 by the owner's
 * executable bit, time 1. Answers what is neither file, directory nor link, or null.
 */
export function canonicalise(root: string): string | null {
  const stack: Buffer[] = [Buffer.from(root)];
  const directories: Buffer[] = [];
  for (let path = stack.pop(); path; path = stack.pop()) {
    const stat = fs.lstatSync(path);
    if (stat.isSymbolicLink()) fs.lutimesSync(path, 1, 1);
    else if (stat.isDirectory()) {
      fs.chmodSync(path, 0o755);
      directories.push(path);
      for (const name of fs.readdirSync(path, { encoding: 'buffer' })) {
        stack.push(Buffer.concat([path, Buffer.from('/'), name]));
      }
    } else if (stat.isFile()) {
      fs.chmodSync(path, (stat.mode & 0o100) === 0 ? 0o644 : 0o755);
      fs.utimesSync(path, 1, 1);
    } else return path.toString();
  }
  for (const path of directories) fs.utimesSync(path, 1, 1);
  return null;
}
