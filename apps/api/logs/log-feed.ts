/**
 * One log that grows, and all who look at it: its new bytes are read once, printed once, and
 * written to everybody. Whoever comes late or reads slowly catches up by itself, then joins again.
 *
 * Text goes byte for byte. Pages are told how many lines there are and the last of them, no more
 * than ten times a second: what they do not show they need not be sent.
 */
import { readBytes } from '#adapters/log-store/read-bytes.js';
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import type { LogLines } from '#protocol/api/log.js';
import { AnsiReader } from '#views/ansi.js';
import { printEvent, spansOf, type LogViewer } from './log-viewer.js';
import { wholeText } from './whole-text.js';

/** What a feed needs to know of lines; pages alone ask for it. */
export interface LineReading {
  readonly log: LogLines;
  readonly phases: number;
  readonly errors: number;
}

export interface FeedParts {
  readonly key: LogKey;
  readonly logs: LogStore;
  /** The lines from this number on, at most so many of the last. */
  readonly lines: (from: number, atMost: number) => Promise<LineReading>;
}

const chunkBytes = 64 * 1024;
const linesMilliseconds = 100;
const linesAtOnce = 200;
const nothing = Buffer.alloc(0);

export class LogFeed {
  readonly viewers = new Set<LogViewer>();
  /** How far everybody who is live has been told. */
  private position = 0;
  private begun: Promise<void> | null = null;
  /** What a page that comes later is told first. */
  private told: Buffer | null = null;
  /** Of all who draw spans, once one of them has caught up. */
  private ansi: AnsiReader | null = null;
  private total = 0;
  private bytes = -1;
  private linesAt = 0;
  private readonly catching = new Map<LogViewer, Promise<void>>();
  private later: NodeJS.Timeout | null = null;

  constructor(private readonly parts: FeedParts) {}

  /** Resolves when the viewer has all that there was, and is told more as it comes. */
  async join(viewer: LogViewer): Promise<void> {
    this.viewers.add(viewer);
    if (viewer.format === 'lines') {
      viewer.live = true;
      if (this.told === null) await this.tellLines();
      else viewer.write(this.told);
      return;
    }
    await this.begin();
    await this.catchUp(viewer);
  }

  leave(viewer: LogViewer): void {
    this.viewers.delete(viewer);
    if (this.viewers.size === 0 && this.later) clearTimeout(this.later);
  }

  /** Tells what is new; `last` when nothing follows. One call at a time. */
  async look(last: boolean): Promise<void> {
    await this.tellText(last);
    const wait = this.linesAt + linesMilliseconds - Date.now();
    if (last || wait <= 0) return this.tellLines();
    this.later ??= setTimeout(() => void this.tellLines().catch(() => undefined), wait);
  }

  /** Resolves when the viewer has all of it, or has gone. */
  async settled(viewer: LogViewer): Promise<void> {
    await this.catching.get(viewer)?.catch(() => undefined);
    if (viewer.format !== 'lines' && !viewer.closed) await this.catchUp(viewer);
  }

  private async tellText(last: boolean): Promise<void> {
    if (![...this.viewers].some(({ format }) => format !== 'lines')) {
      this.begun = null;
      return;
    }
    await this.begin();
    for (let isEnd = false; !isEnd;) {
      const start = this.position;
      const read = await this.read(start, start + chunkBytes);
      isEnd = read.length < chunkBytes;
      const { text, bytes } = wholeText(read, last && isEnd);
      if (bytes === 0) return;
      this.position = start + bytes;
      this.spread(text, start, this.position);
    }
  }

  private spread(text: string, start: number, end: number): void {
    const frames = this.framesOf(text, end);
    for (const viewer of this.viewers) {
      if (!viewer.live || viewer.format === 'lines') continue;
      if (viewer.offset === start && viewer.keepsUp) {
        viewer.offset = end;
        viewer.write(frames[viewer.format]);
      } else void this.catchUp(viewer).catch(() => viewer.close());
    }
  }

  /** Printed once for all, in the formats that somebody has asked for. */
  private framesOf(text: string, end: number): Readonly<Record<'text' | 'spans', Buffer>> {
    const formats = new Set([...this.viewers].map(({ format }) => format));
    const spans = this.ansi === null ? [] : spansOf(text, this.ansi);
    return {
      text: formats.has('text') ? frameOf(text, end) : nothing,
      spans: formats.has('spans') ? frameOf(spans, end) : nothing,
    };
  }

  private catchUp(viewer: LogViewer): Promise<void> {
    const catching = this.catching.get(viewer) ?? this.follow(viewer);
    this.catching.set(viewer, catching);
    return catching.finally(() => this.catching.delete(viewer));
  }

  private async follow(viewer: LogViewer): Promise<void> {
    viewer.live = false;
    await viewer.drained();
    while (!viewer.closed && viewer.offset < this.position) {
      const target = this.position;
      const end = Math.min(target, viewer.offset + chunkBytes);
      const { text, bytes } = wholeText(await this.read(viewer.offset, end), end === target);
      if (bytes === 0) break;
      await viewer.text(text, viewer.offset + bytes);
    }
    viewer.live = true;
    if (viewer.format !== 'spans') return;
    const reader = viewer.takeReader();
    this.ansi ??= reader;
  }

  /** Begins where the last whole character ends. */
  private begin(): Promise<void> {
    this.begun ??= (async () => {
      const size = await this.parts.logs.size(this.parts.key);
      const start = Math.max(0, size - 4);
      this.position = start + wholeText(await this.read(start, size), false).bytes;
    })();
    return this.begun;
  }

  private read(start: number, end: number): Promise<Buffer> {
    return readBytes(this.parts.logs, this.parts.key, { start, end });
  }

  private async tellLines(): Promise<void> {
    if (this.later) clearTimeout(this.later);
    this.later = null;
    this.linesAt = Date.now();
    const pages = [...this.viewers].filter(({ format }) => format === 'lines');
    if (pages.length === 0) return;
    // The last line may have grown: it is told again.
    const { log, phases, errors } = await this.parts.lines(Math.max(1, this.total), linesAtOnce);
    if (log.bytes === this.bytes) return;
    this.bytes = log.bytes;
    this.total = log.total;
    const growth = { total: log.total, lines: log.lines, phases, errors };
    const frame = Buffer.from(printEvent('lines', growth, log.bytes));
    this.told = Buffer.from(printEvent('lines', { ...growth, lines: [] }, log.bytes));
    // Whoever reads slowly misses lines, and is told how many there are by the next.
    for (const viewer of pages) if (viewer.keepsUp) viewer.write(frame);
  }
}

function frameOf(data: unknown, end: number): Buffer {
  return Buffer.from(printEvent('log', data, end));
}
