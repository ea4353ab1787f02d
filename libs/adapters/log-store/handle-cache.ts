/**
 * Open files by path, at most `limit` of them idle: a farm has thousands of live logs, and a
 * process a thousand descriptors. A handle in use is never closed under its user.
 */
import { constants } from 'node:fs';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

interface Entry {
  readonly opened: Promise<FileHandle>;
  users: number;
}

export class HandleCache {
  /** In the order of last use, the longest unused first. */
  private readonly entries = new Map<string, Entry>();

  constructor(private readonly limit: number) {}

  /** Lends the handle of a file, made with its directories when absent. */
  async use<T>(path: string, work: (handle: FileHandle) => Promise<T>): Promise<T> {
    const entry = this.entries.get(path) ?? { opened: openToWrite(path), users: 0 };
    this.entries.delete(path);
    this.entries.set(path, entry);
    entry.users += 1;
    try {
      return await work(await entry.opened);
    } catch (error) {
      // A handle that failed is not lent again: the next use opens the file anew.
      if (this.entries.get(path) === entry) this.entries.delete(path);
      throw error;
    } finally {
      entry.users -= 1;
      if (this.entries.get(path) !== entry) await closeIfIdle(entry);
      await this.shrink();
    }
  }

  async forget(path: string): Promise<void> {
    const entry = this.entries.get(path);
    this.entries.delete(path);
    if (entry) await closeIfIdle(entry);
  }

  async close(): Promise<void> {
    for (const path of [...this.entries.keys()]) await this.forget(path);
  }

  get size(): number {
    return this.entries.size;
  }

  private async shrink(): Promise<void> {
    for (const [path, entry] of this.entries) {
      if (this.entries.size <= this.limit) return;
      if (entry.users === 0) await this.forget(path);
    }
  }
}

async function closeIfIdle(entry: Entry): Promise<void> {
  if (entry.users > 0) return;
  const handle = await entry.opened.catch(() => null);
  await handle?.close().catch(() => undefined);
}

/** Read and write, made when absent; not in append mode, where pwrite ignores its offset. */
async function openToWrite(path: string): Promise<FileHandle> {
  const flags = constants.O_RDWR | constants.O_CREAT;
  try {
    return await open(path, flags, 0o644);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    await mkdir(dirname(path), { recursive: true });
    return open(path, flags, 0o644);
  }
}
