/** One open stream of a log: what it has been sent, and how it is told more. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { AnsiReader } from '#views/ansi.js';

export type StreamFormat = 'text' | 'spans' | 'lines';

const heartbeatMilliseconds = 5000;
/** Whoever is behind by more reads from the disk, at its own pace. */
const unsentBytesAtMost = 128 * 1024;

export class LogViewer {
  closed = false;
  /** It has all that the feed has, and waits for more. */
  live = false;
  /** Resolves when it is there no more. */
  readonly gone: Promise<void>;
  private readonly ansi = new AnsiReader();
  private readonly heartbeat: NodeJS.Timeout;

  constructor(
    private readonly response: ServerResponse,
    readonly format: StreamFormat,
    /** Of the next byte that it wants. */
    public offset: number,
  ) {
    this.gone = new Promise((resolve) => {
      response.on('close', () => {
        this.end();
        resolve();
      });
    });
    this.heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMilliseconds);
    response.write('retry: 2000\n\n');
  }

  /** Whether it reads as fast as it is told. */
  get keepsUp(): boolean {
    return this.response.writableLength < unsentBytesAtMost;
  }

  say(event: string, data: unknown): void {
    this.write(printEvent(event, data, this.offset));
  }

  write(frame: string): void {
    if (!this.closed) this.response.write(frame);
  }

  /** Text up to `end`, which no other viewer is at. */
  async text(text: string, end: number): Promise<void> {
    this.offset = end;
    this.write(this.frameOf(text, end));
    await this.drained();
  }

  frameOf(text: string, end: number): string {
    const data =
      this.format === 'text' ? text : this.ansi.read(text).map((s) => [s.text, s.classes]);
    return printEvent('log', data, end);
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

export function printEvent(event: string, data: unknown, id: number): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
