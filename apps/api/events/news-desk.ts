/**
 * Who hears of what. News of one topic are told at once, and then not again before its pause has
 * passed: a thousand ends in a second are one event. The last ones are remembered, so that a stream
 * that broke goes on where it was; whoever comes back too late is told of all its topics. Nothing
 * here is the truth: an event says that a look is worth while.
 */
import type { EventTopic } from '#protocol/api/events.js';

export interface News {
  /** EPOCH-NUMBER: another process, or this one started again, has another epoch. */
  readonly id: string;
  readonly topics: readonly EventTopic[];
  /** Milliseconds over which all who hear it are to spread their looks. */
  readonly within: number;
}

export type Hearer = (news: News) => void;

/** Milliseconds between two events of a topic: as many pages look at once as there are hearers. */
const pauses: readonly (readonly [RegExp, number])[] = [
  [/^build\//, 500],
  [/^(evaluation|specification)\//, 2000],
  [/./, 3000],
];
/** So many milliseconds more for each hearer: what a page costs the farm. */
const eachMilliseconds = 20;
const remembered = 1000;
const tickMilliseconds = 250;

/** A topic is followed for this long after its last hearer left, who may come back. */
const lingerMilliseconds = 60_000;

interface Followed {
  readonly hearers: Set<Hearer>;
  /** What was told before this number may have missed changes of the topic. */
  readonly from: number;
  leftAt: number | null;
}

export class NewsDesk {
  private readonly followed = new Map<EventTopic, Followed>();
  private readonly told: { readonly number: number; readonly topic: EventTopic }[] = [];
  private readonly toldAt = new Map<EventTopic, number>();
  private readonly waiting = new Set<EventTopic>();
  private number = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly epoch: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Answers how to stop. */
  hear(topics: readonly EventTopic[], hearer: Hearer): () => void {
    this.forget();
    for (const topic of topics) {
      const followed = this.followed.get(topic) ?? this.follow(topic);
      followed.hearers.add(hearer);
      followed.leftAt = null;
    }
    return () => {
      for (const topic of topics) {
        const followed = this.followed.get(topic);
        followed?.hearers.delete(hearer);
        if (followed?.hearers.size === 0) followed.leftAt = this.now();
      }
    };
  }

  /** The topics of one kind that somebody hears, as `build` for `build/ID`. */
  heard(kind: string): readonly EventTopic[] {
    return [...this.followed.keys()].filter((topic) => topic.startsWith(`${kind}/`));
  }

  /** Something of the topic changed. */
  note(topic: EventTopic): void {
    if (!this.followed.has(topic)) return;
    this.waiting.add(topic);
    this.tellDue();
  }

  /** Which of `topics` may have changed after `last` was told. Ask before hearing them. */
  since(last: string, topics: readonly EventTopic[]): readonly EventTopic[] {
    const [epoch, text] = last.split('-');
    const number = Number(text);
    const first = this.told[0]?.number ?? 0;
    if (epoch !== this.epoch || number < first - 1) return topics;
    const told = new Set(this.told.filter((one) => one.number > number).map((one) => one.topic));
    return topics.filter(
      (topic) => told.has(topic) || (this.followed.get(topic)?.from ?? Infinity) > number,
    );
  }

  lastId(): string {
    return `${this.epoch}-${this.number}`;
  }

  close(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  private tellDue(): void {
    const now = this.now();
    const due = [...this.waiting].filter(
      (topic) => now - (this.toldAt.get(topic) ?? -Infinity) >= this.pauseOf(topic),
    );
    if (due.length > 0) this.tell(due, now);
    if (this.waiting.size === 0) this.close();
    else this.timer ??= setInterval(() => this.tellDue(), tickMilliseconds).unref();
  }

  private tell(due: readonly EventTopic[], now: number): void {
    const byHearer = new Map<Hearer, EventTopic[]>();
    let most = 0;
    for (const topic of due) {
      this.waiting.delete(topic);
      this.toldAt.set(topic, now);
      this.told.push({ number: (this.number += 1), topic });
      const hearers = this.followed.get(topic)?.hearers ?? new Set();
      most = Math.max(most, hearers.size);
      for (const hearer of hearers) {
        byHearer.set(hearer, [...(byHearer.get(hearer) ?? []), topic]);
      }
    }
    this.told.splice(0, Math.max(0, this.told.length - remembered));
    const about = { id: this.lastId(), within: most * eachMilliseconds };
    for (const [hearer, topics] of byHearer) hearer({ ...about, topics });
  }

  private pauseOf(topic: EventTopic): number {
    const least = pauses.find(([pattern]) => pattern.test(topic))?.[1] ?? 0;
    return Math.max(least, (this.followed.get(topic)?.hearers.size ?? 0) * eachMilliseconds);
  }

  private follow(topic: EventTopic): Followed {
    const followed: Followed = { hearers: new Set(), from: (this.number += 1), leftAt: null };
    this.followed.set(topic, followed);
    return followed;
  }

  /** Of what nobody came back to, nothing is kept. */
  private forget(): void {
    const now = this.now();
    for (const [topic, { leftAt }] of this.followed) {
      if (leftAt === null || now - leftAt < lingerMilliseconds) continue;
      this.followed.delete(topic);
      this.toldAt.delete(topic);
      this.waiting.delete(topic);
    }
  }
}
