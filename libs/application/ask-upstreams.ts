/**
 * Which outputs need not be built, since the farm offers them or an upstream has them with all that
 * they refer to. Presence is believed for hours and kept for all processes; a miss is believed for
 * minutes and remembered here alone. An upstream that fails has nothing meanwhile: nobody waits for
 * it.
 */
import {
  believedSeconds,
  missedSeconds,
  wholeAmong,
  type Upstream,
} from '#domain/substitute/upstream.js';
import type { UpstreamAnswer, UpstreamClient } from './ports/upstream-client.js';
import type { Believed, UpstreamStore } from './ports/upstream-store.js';

export interface AskParts {
  readonly store: UpstreamStore;
  readonly client: Pick<UpstreamClient, 'ask' | 'health'>;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

const missesAtMost = 500_000;
/** What an operator changes is seen after it. */
const listMilliseconds = 5000;

/** Base name → what it refers to. */
type Known = Map<string, readonly string[]>;

export class UpstreamQuestions {
  private readonly misses = new Map<string, number>();
  private list: Promise<readonly Upstream[]> | null = null;
  private listedAt = -Infinity;

  constructor(private readonly parts: AskParts) {}

  /** Whether there is anybody to ask for the paths of this store. */
  async serves(slug: string): Promise<boolean> {
    return (await this.upstreamsOf(slug)).length > 0;
  }

  /** Those of the paths (base names) that can be had, whole. */
  async present(slug: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
    const upstreams = await this.upstreamsOf(slug);
    const known: Known = new Map();
    const asked = new Set<string>();
    for (let frontier = [...new Set(paths)]; frontier.length > 0;) {
      for (const path of frontier) asked.add(path);
      const found = await this.find(slug, frontier, upstreams);
      const next = new Set<string>();
      for (const [path, references] of found) {
        known.set(path, references);
        for (const reference of references) if (!asked.has(reference)) next.add(reference);
      }
      frontier = [...next];
    }
    const whole = wholeAmong(asked, (path) => known.get(path));
    return new Set(paths.filter((path) => whole.has(path)));
  }

  private async find(
    slug: string,
    paths: readonly string[],
    upstreams: readonly Upstream[],
  ): Promise<Known> {
    const known: Known = new Map();
    const { store } = this.parts;
    // The closure of what the farm offers is offered, too.
    for (const path of await store.offered(slug, paths)) known.set(path, []);
    const unknown = (): string[] => paths.filter((path) => !known.has(path));
    const believed = await store.believed(slug, unknown(), believedSeconds);
    const ids = new Set(upstreams.map(({ id }) => id));
    for (const { upstream, offering } of believed) {
      if (ids.has(upstream)) known.set(offering.path, offering.references);
    }
    for (const upstream of upstreams) {
      const left = unknown().filter((path) => !this.isMissed(upstream, path));
      if (left.length === 0) continue;
      const seen = this.seenBy(upstream, left, await this.parts.client.ask(upstream, left));
      for (const { offering } of seen) known.set(offering.path, offering.references);
      await store.believe(slug, seen);
    }
    return known;
  }

  private seenBy(
    upstream: Upstream,
    paths: readonly string[],
    answers: readonly UpstreamAnswer[],
  ): Believed[] {
    const forgotten = this.parts.now() + missedSeconds * 1000;
    return answers.flatMap((answer, at) => {
      if (answer.kind === 'has') return { upstream: upstream.id, offering: answer.offering };
      if (answer.kind !== 'unanswered') this.miss(`${upstream.id} ${paths[at]}`, forgotten);
      return [];
    });
  }

  /** The oldest go first. */
  private miss(key: string, forgotten: number): void {
    this.misses.delete(key);
    this.misses.set(key, forgotten);
    if (this.misses.size <= missesAtMost) return;
    const [oldest] = this.misses.keys();
    if (oldest !== undefined) this.misses.delete(oldest);
  }

  private isMissed(upstream: Upstream, path: string): boolean {
    return (this.misses.get(`${upstream.id} ${path}`) ?? -Infinity) > this.parts.now();
  }

  private async upstreamsOf(slug: string): Promise<readonly Upstream[]> {
    const now = this.parts.now();
    if (!this.list || now - this.listedAt > listMilliseconds) {
      this.listedAt = now;
      const list = this.parts.store.upstreams();
      this.list = list;
      list.catch(() => {
        if (this.list === list) this.list = null;
      });
    }
    return (await this.list).filter((upstream) => upstream.slug === slug);
  }
}
