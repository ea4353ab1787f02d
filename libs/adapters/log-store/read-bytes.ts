/** Reads some of a log into memory. */
import type { LogKey, LogStore } from '#application/ports/log-store.js';

/** Bytes [start, end), or as many of them as there are. */
export async function readBytes(
  logs: Pick<LogStore, 'read'>,
  key: LogKey,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of logs.read(key, start, end)) pieces.push(piece);
  return Buffer.concat(pieces);
}
