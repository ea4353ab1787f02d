/**
 * The indexes of logs that somebody reads: made at first need, grown with the log, kept beside it
 * and in memory as long as they are among the last used. One reading of a log's new bytes serves
 * all who ask meanwhile.
 */
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { LineIndexer, type LineIndex } from '#domain/log/line-index.js';
import type { LogCompanions } from './log-companions.js';

export interface IndexedLog {
  readonly index: LineIndex;
  /** Bytes of the log that the index knows of, with those of a last line that has no end yet. */
  readonly size: number;
  /** Lines, with that one. */
  readonly lines: number;
}

interface Entry {
  indexer: LineIndexer;
  /** What the file beside the log holds. */
  kept: number;
  growing: Promise<void>;
  known: IndexedLog | null;
}

const pieceBytes = 1024 * 1024;
/** Smaller logs are indexed again sooner than a file is read. */
const worthKeepingBytes = 256 * 1024;

export class LogIndexes {
  /** In the order of last use. */
  private readonly entries = new Map<LogKey, Entry>();

  constructor(
    private readonly logs: LogStore,
    private readonly companions: LogCompanions,
    private readonly atMost = 64,
  ) {}

  /** Of all that the log holds now. */
  async of(key: LogKey): Promise<IndexedLog> {
    const size = await this.logs.size(key);
    const entry = this.entries.get(key) ?? (await this.open(key, size));
    this.entries.delete(key);
    this.entries.set(key, entry);
    for (const old of this.entries.keys()) {
      if (this.entries.size <= this.atMost) break;
      this.entries.delete(old);
    }
    if (entry.known && entry.known.size > size) {
      // The log was replaced: nothing that is known of it holds.
      this.entries.delete(key);
      return this.of(key);
    }
    if (entry.known?.size === size) return entry.known;
    entry.growing = entry.growing.then(() => this.grow(key, entry, size));
    await entry.growing;
    return entry.known!;
  }

  /** Nothing of the log is to be known any more. */
  forget(key: LogKey): void {
    this.entries.delete(key);
  }

  private async open(key: LogKey, size: number): Promise<Entry> {
    const found = size >= worthKeepingBytes ? await this.companions.readIndex(key) : null;
    const sound = found !== null && (await this.fits(key, found, size)) ? found : null;
    const existing = this.entries.get(key);
    if (existing) return existing;
    const indexer = sound ? new LineIndexer(sound) : new LineIndexer();
    const entry: Entry = {
      indexer,
      kept: sound?.size ?? 0,
      growing: Promise.resolve(),
      known: null,
    };
    this.entries.set(key, entry);
    return entry;
  }

  /** An index of another log, or of more than there is, is stale: a line ends where it ends. */
  private async fits(key: LogKey, index: LineIndex, size: number): Promise<boolean> {
    if (index.size > size) return false;
    if (index.size === 0) return true;
    for await (const bytes of this.logs.read(key, index.size - 1, index.size)) {
      return bytes[0] === 0x0a;
    }
    return false;
  }

  private async grow(key: LogKey, entry: Entry, size: number): Promise<void> {
    const { indexer } = entry;
    for (let at = indexer.taken; at < size;) {
      const end = Math.min(size, at + pieceBytes);
      for await (const bytes of this.logs.read(key, at, end)) indexer.take(bytes);
      if (indexer.taken === at) break;
      at = indexer.taken;
    }
    const { index, taken } = indexer;
    const lines = index.lines + (taken > index.size ? 1 : 0);
    entry.known = { index, size: taken, lines };
    if (index.size - entry.kept < worthKeepingBytes) return;
    entry.kept = index.size;
    await this.companions.keepIndex(key, index);
  }
}
