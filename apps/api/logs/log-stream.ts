/**
 * A build's log as server-sent events while it grows. Events: `attempt` (a try begins: its id and
 * number; the offset starts at 0 again), `log` (text, its id is the offset of the next byte) and
 * `end` (the build is final: status and reason). A `:` comment every five seconds keeps proxies
 * awake.
 *
 * `log` data is a JSON string; with `format=spans` it is an array of [text, classes]. With
 * `format=lines` there are events `lines` instead, for pages that show a window: how many lines
 * there are, the last that came, and how many phases and errors.
 */
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { z } from 'zod';
import { BuildQueries, type Standing } from '#adapters/postgres/build-queries.js';
import type { Bus } from '#application/ports/bus.js';
import type { LogStore } from '#application/ports/log-store.js';
import { isFinal } from '#domain/build/status.js';
import type { BuildId } from '#domain/ids.js';
import { notFound } from '#nest/problem.js';
import { Id } from '#protocol/api/page.js';
import { BUS, LOG_STORE } from '../farm/tokens.js';
import { FollowedBuild } from './followed-build.js';
import { LogLibrary } from './log-library.js';
import { beginEvents, LogViewer } from './log-viewer.js';
import type { Exchange } from './send-log.js';

export const StreamQuery = z.object({
  /** Only this attempt: the stream then ends with it. */
  attempt: Id.optional(),
  /** Byte offset to begin at; Last-Event-ID wins. */
  from: z.coerce.number().int().min(0).optional(),
  format: z.enum(['text', 'spans', 'lines']).default('text'),
});
export type StreamQuery = z.infer<typeof StreamQuery>;

export type Followed = Standing & { readonly over: boolean };

@Injectable()
export class LogStream implements BeforeApplicationShutdown {
  /** One for all viewers of the same build and attempt. */
  private readonly followed = new Map<string, FollowedBuild>();

  constructor(
    private readonly queries: BuildQueries,
    private readonly library: LogLibrary,
    @Inject(LOG_STORE) private readonly logs: LogStore,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  async open(build: BuildId, query: StreamQuery, at: Exchange): Promise<void> {
    const standing = await this.standing(build, query.attempt);
    const headers = at.reply.getHeaders();
    at.reply.hijack();
    beginEvents(at.reply.raw, {
      ...(headers as Record<string, string>),
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    const last = at.request.headers['last-event-id'];
    const from = typeof last === 'string' && /^\d{1,15}$/.test(last) ? Number(last) : query.from;
    const viewer = new LogViewer(at.reply.raw, query.format, from ?? 0);
    at.reply.raw.on('error', () => viewer.close());
    await this.followedBuild(build, query.attempt, standing).add(viewer);
  }

  /** Streams never end by themselves: the HTTP server would wait for them. */
  beforeApplicationShutdown(): void {
    for (const followed of this.followed.values()) followed.close();
  }

  private followedBuild(
    build: BuildId,
    attempt: string | undefined,
    standing: Followed,
  ): FollowedBuild {
    const name = `${build}/${attempt ?? ''}`;
    const known = this.followed.get(name);
    if (known && !known.closed) return known;
    const fresh = new FollowedBuild({
      ...{ standing, logs: this.logs, bus: this.bus, library: this.library },
      look: () => this.standing(build, attempt),
      onEmpty: () => {
        if (this.followed.get(name) === fresh) this.followed.delete(name);
      },
    });
    this.followed.set(name, fresh);
    return fresh;
  }

  /** Over: nothing more comes on this stream after what the log holds now. */
  private async standing(build: BuildId, wanted: string | undefined): Promise<Followed> {
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
}

function isUnderWay(status: string | null): boolean {
  return status === null || status === 'submitted' || status === 'started';
}
