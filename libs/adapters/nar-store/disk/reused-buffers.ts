/**
 * Copies a part of a file to whoever writes it, through two buffers that are used again and again:
 * while one is written, the other is read. Fresh buffers of a megabyte for each read keep the
 * garbage collector busier than the copying.
 */
import { read } from 'node:fs';
import { promisify } from 'node:util';
import type { ByteRange } from '#application/ports/nar-store.js';

/** Larger ones fall out of the caches between the read and the write. */
const pieceBytes = 256 * 1024;
/** Buffers that lie ready for the next copies. */
const spareAtMost = 32;
const spare: Buffer[] = [];
const readAt = promisify(read);

export type WritePiece = (bytes: Uint8Array) => Promise<void>;

/** Rejects when the file ends before the range, and with what `write` rejects with. */
export async function copyRange(fd: number, range: ByteRange, write: WritePiece): Promise<void> {
  let [here, there] = [taken(), taken()];
  let writing: Promise<void> = Promise.resolve();
  for (let at = range.start; at < range.end; [here, there] = [there, here]) {
    const wanted = Math.min(pieceBytes, range.end - at);
    const { bytesRead } = await readAt(fd, here, 0, wanted, at);
    await writing;
    if (bytesRead === 0) throw new Error('the file ends too soon');
    writing = write(here.subarray(0, bytesRead));
    // It is waited for after the next read; until then nobody hears of a failure.
    writing.catch(() => undefined);
    at += bytesRead;
  }
  await writing;
  // Only after all went well is it certain that nobody holds them.
  if (spare.length < spareAtMost) spare.push(here, there);
}

function taken(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
}
