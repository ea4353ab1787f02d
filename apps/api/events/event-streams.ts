/**
 * The open streams of events. A stream says `hello` first, with the id to come back with and what
 * was missed since the one that it came with; then `news` whenever one of its topics changed (data:
 * the topics, and over how long their hearers spread their looks), and `beat` every five seconds,
 * so that whoever listens, and every proxy between, sees that it lives.
 */
import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { ConcernedTopics } from '#adapters/postgres/concerned-topics.js';
import { Database } from '#adapters/postgres/database.js';
import type { Bus } from '#application/ports/bus.js';
import { ProblemException } from '#nest/problem.js';
import type { EventTopic } from '#protocol/api/events.js';
import { BUS } from '../farm/tokens.js';
import { NewsDesk, type News } from './news-desk.js';
import { NewsFeed } from './news-feed.js';

const heartbeatMilliseconds = 5000;
const streamsAtMost = 5000;
/** A reader that is behind by more than this comes back and goes on where it was. */
const unsentBytesAtMost = 64 * 1024;

export interface Listening {
  readonly topics: readonly EventTopic[];
  readonly last: string | undefined;
}

@Injectable()
export class EventStreams implements BeforeApplicationShutdown {
  private readonly desk = new NewsDesk(randomBytes(4).toString('hex'));
  private readonly open = new Set<ServerResponse>();
  private readonly feed: NewsFeed;
  private started = false;
  private heartbeat: NodeJS.Timeout | null = null;

  constructor(@Inject(BUS) bus: Bus, database: Database) {
    this.feed = new NewsFeed(bus, this.desk, new ConcernedTopics(database));
  }

  get size(): number {
    return this.open.size;
  }

  /** Throws before anything is sent when there are too many. */
  admit(): void {
    if (this.open.size < streamsAtMost) return;
    const detail = `The farm already keeps ${streamsAtMost} streams open.`;
    const headers = { 'retry-after': '30' };
    throw new ProblemException({ status: 503, kind: 'too-many-streams', detail, headers });
  }

  /**
   * Headers were written; the stream is the reader's until it goes. Whoever went while its request
   * was looked into has closed before anybody could hear of it.
   */
  add(response: ServerResponse, { topics, last }: Listening): void {
    if (response.destroyed) return;
    this.begin();
    this.open.add(response);
    const missed = last === undefined ? [] : this.desk.since(last, topics);
    const unhear = this.desk.hear(topics, (news) => this.send(response, news));
    response.on('close', () => {
      unhear();
      this.open.delete(response);
    });
    const hello = `id: ${this.desk.lastId()}\nevent: hello\ndata: ${JSON.stringify({ missed })}`;
    response.write(`retry: 2000\n\n${hello}\n\n`);
  }

  /** Streams never end by themselves: the HTTP server would wait for them. */
  async beforeApplicationShutdown(): Promise<void> {
    if (this.heartbeat) clearInterval(this.heartbeat);
    this.desk.close();
    for (const response of this.open) response.end();
    await this.feed.close();
  }

  /** Nothing is heard of before somebody listens. */
  private begin(): void {
    if (this.started) return;
    this.started = true;
    this.feed.start();
    this.heartbeat = setInterval(() => this.beat(), heartbeatMilliseconds);
  }

  private beat(): void {
    for (const response of this.open) this.write(response, 'event: beat\ndata: {}\n\n');
  }

  private send(response: ServerResponse, { id, ...news }: News): void {
    this.write(response, `id: ${id}\nevent: news\ndata: ${JSON.stringify(news)}\n\n`);
  }

  private write(response: ServerResponse, text: string): void {
    if (response.writableLength > unsentBytesAtMost) response.destroy();
    else response.write(text);
  }
}
