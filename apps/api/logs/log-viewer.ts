/** One open stream of a log: what it has been sent, and how it is told more. */
import { once } from 'node:events';
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { AnsiReader } from '#views/ansi.js';

export type StreamFormat = 'text' | 'spans' | 'lines';

const heartbeatMilliseconds = 5000;
/** Whoever is behind by more reads from the disk, at its own pace. All share these bytes. */
const unsentBytesAtMost = 512 * 1024;

export class LogViewer {
  closed = false;
  /** It has all that the feed has, and waits for more. */
  live = false;
  /** Resolves when it is there no more. */
  readonly gone: Promise<void>;
  private ansi = new AnsiReader();
  private readonly heartbeat: NodeJS.Timeout;

  constructor(
    private readonly response: ServerResponse,
    readonly format: StreamFormat,
    /** Of the next byte that it wants. */
    public offset: number,
  ) {
    this.heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMilliseconds);
    this.gone = whenClosed(response).then(() => this.end());
    response.write('retry: 2000\n\n');
  }

  /** Whether it reads as fast as it is told. */
  get keepsUp(): boolean {
    return this.response.writableLength < unsentBytesAtMost;
  }

  say(event: string, data: unknown): void {
    this.write(printEvent(event, data, this.offset));
  }

  /** A frame that is written to many is made into bytes once. */
  write(frame: string | Uint8Array): void {
    if (!this.closed) this.response.write(frame);
  }

  /** Text up to `end`, which no other viewer is at. */
  async text(text: string, end: number): Promise<void> {
    this.offset = end;
    this.write(this.frameOf(text, end));
    await this.drained();
  }

  /** Whoever has caught up is told on by a reader for all, which may begin as this one ends. */
  takeReader(): AnsiReader {
    const reader = this.ansi;
    this.ansi = new AnsiReader();
    return reader;
  }

  private frameOf(text: string, end: number): string {
    return printEvent('log', this.format === 'text' ? text : spansOf(text, this.ansi), end);
  }

  async drained(): Promise<void> {
    if (this.closed || !this.response.writableNeedDrain) return;
    const flowing = new AbortController();
    const gone = once(this.response, 'close', { signal: flowing.signal }).catch(() => undefined);
    const free = once(this.response, 'drain', { signal: flowing.signal }).catch(() => undefined);
    await Promise.race([gone, free]);
    flowing.abort();
  }

  close(): void {
    this.end();
    this.response.end();
  }

  private end(): void {
    this.closed = true;
    clearInterval(this.heartbeat);
  }
}

/** Whoever left while its request was looked into has closed before anybody could hear of it. */
async function whenClosed(response: ServerResponse): Promise<void> {
  if (response.destroyed) return;
  await new Promise<void>((resolve) => response.once('close', resolve));
}

/** What a page draws of text: pieces with the classes of their looks. */
export function spansOf(text: string, reader: AnsiReader): readonly [string, string][] {
  return reader.read(text).map((span) => [span.text, span.classes]);
}

/**
 * Ends with its connection, as streams do, and so needs no chunks: a frame is written to each
 * viewer as it is, and not copied into pieces with their lengths.
 */
export function beginEvents(response: ServerResponse, headers: OutgoingHttpHeaders): void {
  response.removeHeader('transfer-encoding');
  response.writeHead(200, { ...headers, 'content-type': 'text/event-stream; charset=utf-8' });
}

export function printEvent(event: string, data: unknown, id: number): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
