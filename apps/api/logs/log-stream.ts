/**
 * A build's log as server-sent events while it grows. Events: `attempt` (a try begins: its id and
 * number; the offset starts at 0 again), `log` (text, its id is the offset of the next byte) and
 * `end` (the build is final: status and reason). A `:` comment every five seconds keeps proxies
 * awake.
 *
 * `log` data is a JSON string; with `format=spans` it is an array of [text, classes] for pages,
 * which put the text into text nodes.
 */
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import { BuildQueries, type Standing } from '#adapters/postgres/build-queries.js';
import type { Bus } from '#application/ports/bus.js';
import type { LogKey, LogStore } from '#application/ports/log-store.js';
import { isFinal } from '#domain/build/status.js';
import type { BuildId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { AnsiReader } from '#views/ansi.js';
import { BUS, LOG_STORE } from '../farm/tokens.js';
import type { Exchange } from './send-log.js';
import { wholeText } from './whole-text.js';

export const StreamQuery = z.object({
  /** Only this attempt: the stream then ends with it. */
  attempt: Id.optional(),
  /** Byte offset to begin at; Last-Event-ID wins. */
  from: z.coerce.number().int().min(0).optional(),
  format: z.enum(['text', 'spans']).default('text'),
});
export type StreamQuery = z.infer<typeof StreamQuery>;

const heartbeatMilliseconds = 5000;
const lookMilliseconds = 1000;
const chunkBytes = 64 * 1024;

@Injectable()
export class LogStream implements BeforeApplicationShutdown {
  private readonly viewers = new Set<Viewer>();

  constructor(
    private readonly queries: BuildQueries,
    @Inject(LOG_STORE) private readonly logs: LogStore,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  async open(build: BuildId, query: StreamQuery, at: Exchange): Promise<void> {
    const standing = await this.queries.standing(build);
    if (!standing) throw notFound(`build ${build}`);
    const headers = at.reply.getHeaders();
    at.reply.hijack();
    at.reply.raw.writeHead(200, {
      ...(headers as Record<string, string>),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const last = at.request.headers['last-event-id'];
    const from = typeof last === 'string' && /^\d{1,15}$/.test(last) ? Number(last) : query.from;
    const viewer = new Viewer(at.reply.raw, query.format);
    this.viewers.add(viewer);
    try {
      await this.follow(build, { ...query, from: from ?? 0 }, viewer);
    } catch {
      // The browser comes back by itself, with the offset it has.
      viewer.close();
    } finally {
      this.viewers.delete(viewer);
    }
  }

  /** Streams never end by themselves: the HTTP server would wait for them. */
  beforeApplicationShutdown(): void {
    for (const viewer of this.viewers) viewer.close();
  }

  private async follow(
    build: BuildId,
    query: StreamQuery & { from: number },
    viewer: Viewer,
  ): Promise<void> {
    // Nobody waits for a bus that is away: the loop looks every second anyhow.
    const subscriptions = [this.bus.subscribe('live/builds', () => viewer.wake())];
    let attempt: number | null = null;
    let offset = query.from;
    try {
      while (!viewer.closed) {
        const standing = await this.standing(build, query.attempt);
        if (standing.attempt !== null && standing.attempt !== attempt) {
          if (attempt !== null) offset = 0;
          attempt = standing.attempt;
          await viewer.send(
            'attempt',
            { attempt: String(attempt), number: standing.number },
            offset,
          );
          const topic = `live/log/attempt-${attempt}` as const;
          subscriptions.push(this.bus.subscribe(topic, () => viewer.wake()));
        }
        if (attempt !== null)
          offset = await this.pour({ attempt, offset, over: standing.over }, viewer);
        if (standing.over) {
          await viewer.send('end', { status: standing.status, reason: standing.reason }, offset);
          viewer.close();
          return;
        }
        await viewer.woken(lookMilliseconds);
      }
    } finally {
      for (const one of subscriptions) void one.then((stop) => stop()).catch(() => undefined);
    }
  }

  /** Over: nothing more comes on this stream after what the log holds now. */
  private async standing(
    build: BuildId,
    wanted: string | undefined,
  ): Promise<Standing & { over: boolean }> {
    const standing = await this.queries.standing(build);
    if (!standing) throw notFound(`build ${build}`);
    const final = isFinal(standing.status);
    if (wanted === undefined || wanted === String(standing.attempt)) {
      const ended = wanted !== undefined && !isUnderWay(standing.attemptStatus);
      return { ...standing, over: final || ended };
    }
    const attempt = (await this.queries.attempts(build)).find((one) => one.id === wanted);
    if (!attempt) throw notFound(`attempt ${wanted}`);
    return { ...standing, attempt: Number(wanted) as never, number: attempt.number, over: true };
  }

  /** Sends what the log holds from `offset` on; answers the offset of the next byte. */
  private async pour({ attempt, offset, over }: Place, viewer: Viewer): Promise<number> {
    const key: LogKey = `attempt-${attempt}`;
    const size = await this.logs.size(key);
    let at = offset;
    while (at < size && !viewer.closed) {
      const parts: Uint8Array[] = [];
      const end = Math.min(size, at + chunkBytes);
      for await (const part of this.logs.read(key, at, end)) parts.push(part);
      const { text, bytes } = wholeText(Buffer.concat(parts), over && end === size);
      if (bytes === 0) break;
      at += bytes;
      await viewer.log(text, at);
    }
    return at;
  }
}

interface Place {
  readonly attempt: number;
  readonly offset: number;
  /** Nothing is written any more. */
  readonly over: boolean;
}

function isUnderWay(status: string | null): boolean {
  return status === null || status === 'submitted' || status === 'started';
}

/** One open page: what it is sent, and what wakes the loop that serves it. */
class Viewer {
  closed = false;
  private readonly ansi = new AnsiReader();
  private readonly heartbeat: NodeJS.Timeout;
  private awake = false;
  private rouse: () => void = () => undefined;

  constructor(
    private readonly response: ServerResponse,
    private readonly format: 'text' | 'spans',
  ) {
    response.on('close', () => this.end());
    this.heartbeat = setInterval(() => response.write(': still here\n\n'), heartbeatMilliseconds);
    response.write('retry: 2000\n\n');
  }

  async log(text: string, offset: number): Promise<void> {
    const data =
      this.format === 'text' ? text : this.ansi.read(text).map((s) => [s.text, s.classes]);
    await this.send('log', data, offset);
  }

  /** Waits while the reader is slower than the log. */
  async send(event: string, data: unknown, offset: number): Promise<void> {
    if (this.closed) return;
    const kept = this.response.write(
      `id: ${offset}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`,
    );
    if (kept) return;
    const drained = new AbortController();
    const gone = once(this.response, 'close', { signal: drained.signal }).catch(() => undefined);
    const flowing = once(this.response, 'drain', { signal: drained.signal }).catch(() => undefined);
    await Promise.race([gone, flowing]);
    drained.abort();
  }

  wake(): void {
    this.awake = true;
    this.rouse();
  }

  async woken(milliseconds: number): Promise<void> {
    if (!this.awake && !this.closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.awake = false;
  }

  close(): void {
    this.end();
    this.response.end();
  }

  private end(): void {
    this.closed = true;
    clearInterval(this.heartbeat);
    this.rouse();
  }
}
