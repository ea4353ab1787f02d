/**
 * Brings what the bus says to the desk: a build that moved concerns itself, the evaluations that
 * have it, and their specifications. Which these are is asked once a second at most, and only for
 * topics that somebody hears.
 */
import { ConcernedTopics } from '#adapters/postgres/concerned-topics.js';
import type { Bus, Topic } from '#application/ports/bus.js';
import type { EventTopic } from '#protocol/api/events.js';
import type { NewsDesk } from './news-desk.js';

const gatherMilliseconds = 1000;
/** More than these are not looked up: it may then have been any. */
const buildsAtMost = 1000;
/** Of a specification's page. */
const evaluationsEach = 20;

export class NewsFeed {
  private readonly moved = new Set<number>();
  private anyMoved = false;
  private timer: NodeJS.Timeout | null = null;
  private readonly stops: Promise<() => Promise<void>>[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly desk: NewsDesk,
    private readonly concerned: ConcernedTopics,
  ) {}

  start(): void {
    this.on('live/builds', (message) => this.build(numberIn(message, 'build')));
    this.on('live/evaluations', (message) => void this.evaluation(message));
    this.on('specifications', () => this.all('specification'));
    this.on('planner', () => this.desk.note('queue'));
    this.on('workers', () => {
      this.desk.note('workers');
      this.desk.note('farm');
    });
  }

  async close(): Promise<void> {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    for (const stop of this.stops.splice(0)) await stop.then((end) => end()).catch(() => undefined);
  }

  private on(topic: Topic, listener: (message: string) => void): void {
    this.stops.push(this.bus.subscribe(topic, listener));
  }

  private build(build: number | null): void {
    this.desk.note('farm');
    this.desk.note('queue');
    this.desk.note('workers');
    if (build === null) this.all('build');
    else this.desk.note(`build/${build}`);
    if (build === null || this.moved.size >= buildsAtMost) this.anyMoved = true;
    else this.moved.add(build);
    this.timer ??= setTimeout(() => void this.tellConcerned(), gatherMilliseconds).unref();
  }

  private async evaluation(message: string): Promise<void> {
    this.desk.note('farm');
    this.desk.note('queue');
    const evaluation = numberIn(message, 'evaluation');
    if (evaluation === null) return;
    this.desk.note(`evaluation/${evaluation}`);
    if (this.desk.heard('specification').length > 0) await this.specificationsOf([evaluation]);
  }

  private async tellConcerned(): Promise<void> {
    this.timer = null;
    const builds = [...this.moved];
    const any = this.anyMoved;
    this.moved.clear();
    this.anyMoved = false;
    const heard = this.desk.heard('evaluation');
    const names = this.desk.heard('specification');
    if (any) {
      this.all('evaluation');
      this.all('specification');
    } else if (heard.length + names.length > 0) {
      await this.lookUp(builds, heard, names).catch(() => undefined);
    }
  }

  private async lookUp(
    builds: readonly number[],
    heard: readonly EventTopic[],
    names: readonly EventTopic[],
  ): Promise<void> {
    const open = heard.map((topic) => Number(topic.slice('evaluation/'.length)));
    const named = names.map((topic) => topic.slice('specification/'.length));
    const latest = named.length ? await this.concerned.latestOf(named, evaluationsEach) : [];
    const moved = await this.concerned.evaluations(builds, [...new Set([...open, ...latest])]);
    for (const evaluation of moved) this.desk.note(`evaluation/${evaluation}`);
    if (named.length > 0 && moved.length > 0) await this.specificationsOf(moved);
  }

  private async specificationsOf(evaluations: readonly number[]): Promise<void> {
    const names = await this.concerned.specifications(evaluations).catch(() => []);
    for (const name of names) this.desk.note(`specification/${name}`);
  }

  private all(kind: string): void {
    for (const topic of this.desk.heard(kind)) this.desk.note(topic);
  }
}

/** A number, or a number as text, that the message holds under `key`. */
function numberIn(message: string, key: string): number | null {
  try {
    const value = Number((JSON.parse(message) as Record<string, unknown>)[key]);
    return Number.isSafeInteger(value) && value > 0 ? value : null;
  } catch {
    return null;
  }
}
