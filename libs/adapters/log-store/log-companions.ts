/**
 * What lies beside a log and may be lost: its index (`KEY.index`), made again from the log, and the
 * times at which its bytes came (`KEY.times`), which nothing else knows.
 */
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { LogKey } from '#application/ports/log-store.js';
import { parseIndex, printIndex } from '#domain/log/index-codec.js';
import type { LineIndex } from '#domain/log/line-index.js';
import { logPath } from './log-path.js';

export interface ArrivalTime {
  /** Of the first byte that came then. */
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** An offset and a time, of six bytes each, big-endian. */
const markBytes = 12;

export class LogCompanions {
  constructor(private readonly directory: string) {}

  /** Null when there is none of this version. */
  async readIndex(key: LogKey): Promise<LineIndex | null> {
    const bytes = await readFile(this.path(key, 'index')).catch(() => null);
    return bytes === null ? null : parseIndex(bytes);
  }

  /** An index that cannot be kept is made again. */
  async keepIndex(key: LogKey, index: LineIndex): Promise<void> {
    const path = this.path(key, 'index');
    const fresh = `${path}.${process.pid}.new`;
    try {
      await writeFile(fresh, printIndex(index));
      await rename(fresh, path);
    } catch {
      await rm(fresh, { force: true }).catch(() => undefined);
    }
  }

  async noteTime(key: LogKey, { offset, at }: ArrivalTime): Promise<void> {
    const mark = Buffer.alloc(markBytes);
    mark.writeUIntBE(offset, 0, 6);
    mark.writeUIntBE(at, 6, 6);
    await appendFile(this.path(key, 'times'), mark).catch(() => undefined);
  }

  /** In the order of the bytes; empty where no times were noted. */
  async times(key: LogKey): Promise<readonly ArrivalTime[]> {
    const bytes = await readFile(this.path(key, 'times')).catch(() => Buffer.alloc(0));
    const marks: ArrivalTime[] = [];
    for (let at = 0; at + markBytes <= bytes.length; at += markBytes) {
      const mark = { offset: bytes.readUIntBE(at, 6), at: bytes.readUIntBE(at + 6, 6) };
      // Two gateways may have told of the same bytes.
      if (mark.offset > (marks.at(-1)?.offset ?? -1)) marks.push(mark);
    }
    return marks;
  }

  async remove(key: LogKey): Promise<void> {
    await rm(this.path(key, 'index'), { force: true });
    await rm(this.path(key, 'times'), { force: true });
  }

  private path(key: LogKey, suffix: 'index' | 'times'): string {
    return logPath(this.directory, key).replace(/log$/, suffix);
  }
}

/** When the byte at `offset` came, to the second; null before the first mark. */
export function timeOf(times: readonly ArrivalTime[], offset: number): number | null {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]!.offset <= offset) low = middle + 1;
    else high = middle;
  }
  return times[low - 1]?.at ?? null;
}
