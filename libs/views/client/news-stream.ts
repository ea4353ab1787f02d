/**
 * One stream of news for many tabs: it listens to all that they ask for together, and is taken up
 * where it was when it breaks or when what they ask for changes. It runs in the worker that tabs
 * share, or in the tab itself where browsers have no such worker.
 */
/** `within`: milliseconds over which all hearers are to spread their looks. */
export type HearNews = (topics: readonly string[], within: number) => void;

interface Tab {
  readonly hear: HearNews;
  readonly topics: readonly string[];
  readonly seenAt: number;
}

/** The farm says something every five seconds: a stream that says nothing is dead. */
const silenceMilliseconds = 16_000;
/** A tab that vanished without a word is forgotten. */
const absenceMilliseconds = 5 * 60_000;
const lookMilliseconds = 5000;
/** All tabs of all readers look when a farm goes: over this long. */
const breakMilliseconds = 2000;
/** Tabs that open together make one stream. */
const gatherMilliseconds = 50;

export class NewsStream {
  private readonly tabs = new Map<unknown, Tab>();
  private source: EventSource | null = null;
  private asked: ReadonlySet<string> = new Set();
  private last = '';
  private heardAt = 0;
  private gathering = 0;
  private broken = false;

  constructor() {
    setInterval(() => this.look(), lookMilliseconds);
  }

  /** Again and again, while the tab is there. */
  add(tab: unknown, topics: readonly string[], hear: HearNews): void {
    const known = this.tabs.has(tab);
    this.tabs.set(tab, { topics, hear, seenAt: Date.now() });
    if (!known) this.askAgain();
  }

  remove(tab: unknown): void {
    this.tabs.delete(tab);
    this.askAgain();
  }

  private askAgain(): void {
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => this.ask(), gatherMilliseconds);
  }

  /** Opens the stream anew when the tabs ask for other topics than it has. */
  private ask(): void {
    const wanted = new Set([...this.tabs.values()].flatMap(({ topics }) => topics));
    if (wanted.size === 0) return this.stop();
    if (this.source && [...wanted].every((topic) => this.asked.has(topic))) return;
    this.open(wanted);
  }

  private open(wanted: ReadonlySet<string>): void {
    this.source?.close();
    // What a tab has only now read needs no telling.
    let before = this.asked;
    this.asked = wanted;
    this.heardAt = Date.now();
    const query = new URLSearchParams([...wanted].map((topic) => ['topic', topic]));
    if (this.last !== '') query.set('last', this.last);
    const source = new EventSource(`/api/v1/events?${query.toString()}`);
    this.source = source;
    this.on(source, 'hello', ({ missed }) => {
      this.tell(missed?.filter((one) => before.has(one)));
      // The browser takes up a stream that broke by itself.
      before = wanted;
      this.broken = false;
    });
    this.on(source, 'news', ({ topics, within }) => this.tell(topics, within));
    this.on(source, 'beat', () => undefined);
    source.addEventListener('error', () => this.break());
  }

  /** Once for each time that it breaks: tabs that look find out whether the farm is there. */
  private break(): void {
    if (this.broken) return;
    this.broken = true;
    this.tell([...this.asked], breakMilliseconds);
  }

  private on(source: EventSource, name: string, take: (told: Told) => void): void {
    source.addEventListener(name, (event: MessageEvent<string>) => {
      this.heardAt = Date.now();
      if (event.lastEventId !== '') this.last = event.lastEventId;
      take(JSON.parse(event.data) as Told);
    });
  }

  private tell(topics: readonly string[] | undefined, within = 0): void {
    if (!topics?.length) return;
    const told = new Set(topics);
    for (const tab of this.tabs.values()) {
      const its = tab.topics.filter((topic) => told.has(topic));
      if (its.length > 0) tab.hear(its, within);
    }
  }

  private look(): void {
    const now = Date.now();
    for (const [tab, { seenAt }] of this.tabs) {
      if (now - seenAt > absenceMilliseconds) this.remove(tab);
    }
    const silent = now - this.heardAt > silenceMilliseconds;
    if (this.source && (silent || this.source.readyState === EventSource.CLOSED)) {
      this.open(this.asked);
    }
  }

  private stop(): void {
    this.source?.close();
    this.source = null;
    this.asked = new Set();
  }
}

interface Told {
  readonly missed?: readonly string[];
  readonly topics?: readonly string[];
  readonly within?: number;
}
