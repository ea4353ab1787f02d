/**
 * The indexes of logs that somebody reads: made at first need, grown with the log, kept beside it
 * and in memory as long as they are among the last used. One reading of a log's new bytes serves
 * all who ask meanwhile. Lines can be had before the index is whole: they are counted first.
 */
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { LineCount } from '#domain/log/line-count.js';
import { LineIndexer, type LineIndex } from '#domain/log/line-index.js';
import type { LogCompanions } from './log-companions.js';

export interface IndexedLog {
  readonly index: LineIndex;
  /** Bytes of the log that the index knows of, with those of a last line that has no end yet. */
  readonly size: number;
  /** Lines, with that one. */
  readonly lines: number;
  /** False while looks, phases and errors are still looked for: only lines are known. */
  readonly whole: boolean;
}

interface Entry {
  indexer: LineIndexer;
  /** What the file beside the log holds. */
  kept: number;
  growing: Promise<void>;
  known: IndexedLog | null;
  /** Of the lines that the index does not know yet. */
  count: LineCount | null;
  counting: Promise<unknown>;
  later: NodeJS.Timeout | null;
}

/** Smaller logs are indexed again sooner than a file is read. */
const worthKeepingBytes = 256 * 1024;
/** Fewer are indexed while somebody waits. */
const indexedAtOnceBytes = 4 * 1024 * 1024;
/** Who asked for lines is answered first; the rest is looked at when it is asked for, or then. */
const restMilliseconds = 1000;

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
    const entry = await this.entryOf(key, size);
    return this.whole(key, entry, size);
  }

  /** The same, or its lines alone while the rest of a large log is being looked at. */
  async soon(key: LogKey): Promise<IndexedLog> {
    const size = await this.logs.size(key);
    const entry = await this.entryOf(key, size);
    if (size - entry.indexer.taken <= indexedAtOnceBytes) return this.whole(key, entry, size);
    const counting = entry.counting.then(() => this.count(key, entry, size));
    entry.counting = counting.catch(() => undefined);
    const counted = await counting;
    entry.later ??= setTimeout(() => {
      entry.later = null;
      // Nobody waits for it here; whoever does is told what went wrong.
      void this.whole(key, entry, size).catch(() => undefined);
    }, restMilliseconds).unref();
    return counted;
  }

  /** Nothing of the log is to be known any more. */
  forget(key: LogKey): void {
    this.entries.delete(key);
  }

  private async entryOf(key: LogKey, size: number): Promise<Entry> {
    const entry = this.entries.get(key) ?? (await this.open(key, size));
    this.entries.delete(key);
    this.entries.set(key, entry);
    for (const old of this.entries.keys()) {
      if (this.entries.size <= this.atMost) break;
      this.entries.delete(old);
    }
    const known = Math.max(entry.indexer.taken, entry.count?.taken ?? 0);
    if (known <= size || known <= (await this.logs.size(key))) return entry;
    // The log was replaced: nothing that is known of it holds.
    this.entries.delete(key);
    return this.entryOf(key, await this.logs.size(key));
  }

  private async whole(key: LogKey, entry: Entry, size: number): Promise<IndexedLog> {
    if (entry.known && entry.known.size >= size) return entry.known;
    const growing = entry.growing.then(() => this.grow(key, entry, size));
    entry.growing = growing.catch(() => undefined);
    await growing;
    return entry.known!;
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
      count: null,
      counting: Promise.resolve(),
      later: null,
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

  private async count(key: LogKey, entry: Entry, size: number): Promise<IndexedLog> {
    if (entry.known && entry.known.size >= size) return entry.known;
    const count = (entry.count ??= new LineCount(entry.indexer.index));
    for await (const bytes of this.logs.scan(key, count.taken, size)) count.take(bytes);
    return counted(count.index, count.taken, false);
  }

  private async grow(key: LogKey, entry: Entry, size: number): Promise<void> {
    if (entry.known && entry.known.size >= size) return;
    const { indexer } = entry;
    for await (const bytes of this.logs.scan(key, indexer.taken, size)) indexer.take(bytes);
    const { index, taken } = indexer;
    entry.known = counted(index, taken, true);
    entry.count = null;
    if (index.size - entry.kept < worthKeepingBytes) return;
    entry.kept = index.size;
    await this.companions.keepIndex(key, index);
  }
}

function counted(index: LineIndex, size: number, whole: boolean): IndexedLog {
  return { index, size, lines: index.lines + (size > index.size ? 1 : 0), whole };
}
