/**
 * A build that somebody follows: one look at where it stands serves all of its viewers, on news or
 * each second; a new attempt makes a new feed, and the end ends them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Bus } from '#application/ports/bus.js';
import type { LogStore } from '#application/ports/log-store.js';
import { LogFeed } from './log-feed.js';
import type { LogLibrary } from './log-library.js';
import type { Followed } from './log-stream.js';
import type { LogViewer } from './log-viewer.js';

export interface FollowedParts {
  readonly standing: Followed;
  readonly look: () => Promise<Followed>;
  readonly logs: LogStore;
  readonly bus: Bus;
  readonly library: Pick<LogLibrary, 'lastLines'>;
  /** The last viewer has gone. */
  readonly onEmpty: () => void;
}

const lookMilliseconds = 1000;
/** What comes meanwhile is told at once to everybody: a thousand small writes cost most. */
const gatherMilliseconds = 10;

export class FollowedBuild {
  closed = false;
  private standing: Followed;
  private feed: LogFeed | null = null;
  private readonly viewers = new Set<LogViewer>();
  private readonly subscriptions: Promise<() => Promise<void>>[] = [];
  private stale = false;
  private awake = false;
  private rouse: () => void = () => undefined;

  constructor(private readonly parts: FollowedParts) {
    this.standing = parts.standing;
    // Nobody waits for a bus that is away: the loop looks every second anyhow.
    this.subscribe('live/builds', () => (this.stale = true));
    this.takeAttempt();
    void this.run().catch(() => this.close());
  }

  async add(viewer: LogViewer): Promise<void> {
    this.viewers.add(viewer);
    try {
      if (this.feed) {
        this.greet(viewer);
        await this.feed.join(viewer);
      }
      this.wake();
      await viewer.gone;
    } catch {
      // The browser comes back by itself, with the offset it has.
      viewer.close();
    } finally {
      this.viewers.delete(viewer);
      this.feed?.leave(viewer);
      if (this.viewers.size === 0) this.close();
    }
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    for (const viewer of this.viewers) viewer.close();
    for (const one of this.subscriptions) void one.then((stop) => stop()).catch(() => undefined);
    this.rouse();
    this.parts.onEmpty();
  }

  private async run(): Promise<void> {
    // Those who come with the first have joined before anything ends.
    await Promise.resolve();
    let lookedAt = Date.now();
    while (!this.closed) {
      await this.feed?.look(this.standing.over);
      if (this.standing.over) return this.end();
      await this.woken();
      await pause(gatherMilliseconds);
      if (this.closed) return;
      if (!this.stale && Date.now() - lookedAt < lookMilliseconds) continue;
      this.stale = false;
      lookedAt = Date.now();
      this.standing = await this.parts.look();
      await this.takeTurn();
    }
  }

  /** Another attempt: its log begins at 0, for everybody. */
  private async takeTurn(): Promise<void> {
    const before = this.feed;
    if (!this.takeAttempt() || this.feed === null) return;
    for (const viewer of this.viewers) {
      before?.leave(viewer);
      if (before) viewer.offset = 0;
      this.greet(viewer);
      void this.feed.join(viewer).catch(() => viewer.close());
    }
  }

  private attempt: number | null = null;

  private takeAttempt(): boolean {
    const { attempt } = this.standing;
    if (attempt === null || attempt === this.attempt) return false;
    this.attempt = attempt;
    const { logs, library } = this.parts;
    const key = `attempt-${attempt}` as const;
    this.feed = new LogFeed({
      ...{ key, logs },
      lines: (from, atMost) => library.lastLines(key, from, atMost),
    });
    this.subscribe(`live/log/${key}`, () => undefined);
    return true;
  }

  private greet(viewer: LogViewer): void {
    const { attempt, number } = this.standing;
    viewer.say('attempt', { attempt: String(attempt), number });
  }

  /** What a viewer has not caught up with comes before the end. */
  private async end(): Promise<void> {
    const { status, reason } = this.standing;
    await Promise.all(
      [...this.viewers].map(async (viewer) => {
        await this.feed?.settled(viewer);
        viewer.say('end', { status, reason });
        viewer.close();
      }),
    );
    this.close();
  }

  private subscribe(topic: Parameters<Bus['subscribe']>[0], hear: () => void): void {
    const listener = (): void => {
      hear();
      this.wake();
    };
    this.subscriptions.push(this.parts.bus.subscribe(topic, listener));
  }

  private wake(): void {
    this.awake = true;
    this.rouse();
  }

  private async woken(): Promise<void> {
    if (!this.awake) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, lookMilliseconds);
        this.rouse = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.awake = false;
  }
}
