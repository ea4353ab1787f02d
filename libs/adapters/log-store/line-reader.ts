/**
 * Reads lines out of a log by their numbers, from the block that holds the first. Of a line longer
 * than 16 KiB only its ends are held, however long it is.
 */
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { linesPerBlock } from '#domain/log/line-index.js';
import { parseStyle, type Style } from '#domain/log/style.js';
import type { IndexedLog } from './log-indexes.js';
import { looksBefore } from './looks-before.js';

export interface RawLine {
  readonly number: number;
  /** Offset of its first byte. */
  readonly start: number;
  /** Bytes without the line feed. */
  readonly length: number;
  /** Its first 8 KiB, or all of it when it has no more than 16 KiB. */
  readonly head: Uint8Array;
  /** The last 8 KiB of a line that is longer. */
  readonly tail: Uint8Array | null;
}

export interface RawLines {
  /** How text looks at the beginning of the first line, drawn or not. */
  readonly style: Style;
  /** The lines before those wanted, back to the beginning of the block: their looks go on. */
  readonly before: readonly RawLine[];
  readonly lines: readonly RawLine[];
}

export interface WantedLines {
  /** From 1. */
  readonly from: number;
  readonly count: number;
  /** Stops behind the line with which this is reached. */
  readonly mostBytes: number;
}

const endBytes = 8 * 1024;
const wholeBytes = 2 * endBytes;
const lineFeed = 0x0a;
const escape = 0x1b;

export async function readLines(
  logs: LogStore,
  { key, known }: { readonly key: LogKey; readonly known: IndexedLog },
  wanted: WantedLines,
): Promise<RawLines> {
  const { index, size, lines } = known;
  const last = Math.min(lines, wanted.from + wanted.count - 1);
  const block = Math.min(index.blocks.length - 1, Math.floor((wanted.from - 1) / linesPerBlock));
  const start = index.blocks[block]!;
  const style = known.whole
    ? parseStyle(index.styles[block] ?? '')
    : await looksBefore(logs, key, start);
  if (wanted.from > last) return { style, before: [], lines: [] };
  const collector = new Collector(start, block * linesPerBlock + 1, {
    ...wanted,
    count: last - wanted.from + 1,
  });
  for await (const bytes of logs.read(key, start, size)) {
    if (collector.take(bytes)) break;
  }
  collector.end();
  return { style, before: collector.before, lines: collector.lines };
}

class Collector {
  readonly before: RawLine[] = [];
  readonly lines: RawLine[] = [];
  private pieces: Uint8Array[] = [];
  private held = 0;
  private length = 0;
  private bytes = 0;

  constructor(
    private start: number,
    private number: number,
    private readonly wanted: WantedLines,
  ) {}

  /** True when there is enough. */
  take(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length;) {
      const feed = bytes.indexOf(lineFeed, at);
      const end = feed === -1 ? bytes.length : feed;
      this.add(bytes.subarray(at, end));
      if (feed !== -1) this.finish();
      if (this.isFull()) return true;
      at = end + 1;
    }
    return false;
  }

  /** A line without an end is one too. */
  end(): void {
    if (this.length > 0 && !this.isFull()) this.finish();
  }

  private isFull(): boolean {
    return this.lines.length >= this.wanted.count || this.bytes >= this.wanted.mostBytes;
  }

  private add(piece: Uint8Array): void {
    if (piece.length === 0) return;
    this.length += piece.length;
    this.held += piece.length;
    this.pieces.push(piece);
    // Holds the beginning, and of the rest no more than its end.
    if (this.held > 8 * wholeBytes) this.shrink();
  }

  private shrink(): void {
    const all = Buffer.concat(this.pieces);
    const tail = Buffer.from(all.subarray(all.length - endBytes));
    this.pieces = [Buffer.from(all.subarray(0, endBytes)), tail];
    this.held = 2 * endBytes;
  }

  private finish(): void {
    const { start, number, length } = this;
    const all = this.pieces.length === 1 ? this.pieces[0]! : Buffer.concat(this.pieces);
    const isLong = length > wholeBytes;
    const head = isLong ? all.subarray(0, endBytes) : all;
    const line = { number, start, length, head, tail: isLong ? all.subarray(-endBytes) : null };
    if (number >= this.wanted.from) {
      this.lines.push(line);
      this.bytes += head.length + (line.tail?.length ?? 0) + 1;
    } else if (head.includes(escape) || line.tail?.includes(escape)) this.before.push(line);
    this.start += length + 1;
    this.number += 1;
    this.pieces = [];
    this.held = 0;
    this.length = 0;
  }
}
