/**
 * Logs as plain files on a disk that all processes of the farm share. Appends of one log are put in
 * order and coalesced: what arrives while a write is under way goes into the next one. The size is
 * asked of the file each time, so that two gateways may take turns at the same log.
 */
import { open, rm, stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import type { LogKey, LogRemoval, LogStore } from '#application/ports/log-store.js';
import { HandleCache } from './handle-cache.js';
import { LogCompanions } from './log-companions.js';
import { logPath } from './log-path.js';
import { freshBytes, type Chunk } from './merge.js';

interface Waiting extends Chunk {
  readonly resolve: (size: number) => void;
  readonly reject: (error: unknown) => void;
}

const readChunkBytes = 64 * 1024;
const scanChunkBytes = 512 * 1024;
/** How often the time at which bytes came is noted. */
const timesMilliseconds = 1000;

export class DiskLogStore implements LogStore, LogRemoval {
  private readonly waiting = new Map<LogKey, Waiting[]>();
  private readonly handles: HandleCache;
  private readonly companions: LogCompanions;
  /** When the time was last noted, of logs that grow. */
  private readonly noted = new Map<LogKey, number>();

  /** `openFiles` bounds the descriptors that idle logs hold. */
  constructor(
    readonly directory: string,
    openFiles = 256,
  ) {
    this.handles = new HandleCache(openFiles);
    this.companions = new LogCompanions(directory);
  }

  append(key: LogKey, offset: number, bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      const chunk = { offset, bytes, resolve, reject };
      const queue = this.waiting.get(key);
      if (queue) {
        queue.push(chunk);
        return;
      }
      this.waiting.set(key, [chunk]);
      void this.drain(key);
    });
  }

  async size(key: LogKey): Promise<number> {
    try {
      return (await stat(logPath(this.directory, key))).size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
      throw asFault(error, key);
    }
  }

  read(key: LogKey, start: number, end: number): AsyncIterable<Uint8Array> {
    const bytesOf = (left: number): Buffer => Buffer.allocUnsafe(Math.min(readChunkBytes, left));
    return this.pieces(key, { start, end }, bytesOf);
  }

  scan(key: LogKey, start: number, end: number): AsyncIterable<Uint8Array> {
    const room = Buffer.allocUnsafe(Math.max(0, Math.min(scanChunkBytes, end - start)));
    return this.pieces(key, { start, end }, (left) => room.subarray(0, left));
  }

  private async *pieces(
    key: LogKey,
    { start, end }: { readonly start: number; readonly end: number },
    bytesOf: (left: number) => Buffer,
  ): AsyncIterable<Uint8Array> {
    let handle: FileHandle;
    try {
      handle = await open(logPath(this.directory, key), 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw asFault(error, key);
    }
    try {
      for (let at = start; at < end;) {
        const buffer = bytesOf(end - at);
        const { bytesRead } = await handle.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
        // Less than asked for is the end of the file.
        if (bytesRead < buffer.length) return;
        at += bytesRead;
      }
    } finally {
      await handle.close();
    }
  }

  async seal(key: LogKey): Promise<void> {
    const path = logPath(this.directory, key);
    // An append of nothing waits for those before it.
    await this.append(key, 0, new Uint8Array());
    this.noted.delete(key);
    try {
      await this.handles.use(path, (handle) => handle.sync());
      await this.handles.forget(path);
      const parent = await open(dirname(path), 'r');
      await parent.sync().finally(() => parent.close());
    } catch (error) {
      throw asFault(error, key);
    }
  }

  async remove(key: LogKey): Promise<void> {
    const path = logPath(this.directory, key);
    try {
      await this.handles.forget(path);
      await rm(path, { force: true });
      await this.companions.remove(key);
    } catch (error) {
      throw asFault(error, key);
    }
  }

  async close(): Promise<void> {
    await this.handles.close();
  }

  private async drain(key: LogKey): Promise<void> {
    const queue = this.waiting.get(key)!;
    while (queue.length > 0) {
      const batch = queue.splice(0);
      await this.write(key, batch).catch((error: unknown) => {
        for (const chunk of batch) chunk.reject(asFault(error, key));
      });
    }
    this.waiting.delete(key);
  }

  private async write(key: LogKey, batch: readonly Waiting[]): Promise<void> {
    await this.handles.use(logPath(this.directory, key), async (handle) => {
      const before = (await handle.stat()).size;
      const { parts, ends } = freshBytes(before, batch);
      await writeAll(handle, parts, before);
      if (parts.length > 0) await this.noteTime(key, before);
      batch.forEach((chunk, index) => chunk.resolve(ends[index]!));
    });
  }

  /** Nobody is refused a log for its times. */
  private async noteTime(key: LogKey, offset: number): Promise<void> {
    const at = Date.now();
    const last = this.noted.get(key);
    if (last !== undefined && at - last < timesMilliseconds) return;
    this.noted.set(key, at);
    await this.companions.noteTime(key, { offset, at });
  }
}

async function writeAll(
  handle: FileHandle,
  parts: readonly Uint8Array[],
  position: number,
): Promise<void> {
  const all = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  for (let done = 0; done < all.length;) {
    const { bytesWritten } = await handle.write(all, done, all.length - done, position + done);
    done += bytesWritten;
  }
}

function asFault(error: unknown, key: LogKey): unknown {
  if (error instanceof FarmFault) return error;
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    return new FarmFault('disk-full', `no space to keep the log ${key}`, 'later', { cause: error });
  }
  if (code === undefined) return error;
  return new FarmFault(
    'file-unreadable',
    `the log ${key} cannot be kept or read (${code})`,
    'later',
    {
      cause: error,
    },
  );
}
