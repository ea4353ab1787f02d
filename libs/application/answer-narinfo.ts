/**
 * What a narinfo request is answered. Misses are always asked of the truth, since a client
 * remembers a miss for an hour; hits are kept for some seconds, bounded in number, and looked up
 * once however many ask at the same time. A hit is kept on while the truth does not answer.
 */
import { FarmFault } from '#std/farm-fault.js';
import type { OfferedPath } from '#domain/substitute/offered-path.js';
import type { SubstituteStore } from './ports/substitute-store.js';

export interface NarinfoParts<Answer> {
  readonly substitutes: Pick<SubstituteStore, 'lookup'>;
  /** Prints and signs; asked once for each path that is kept. */
  readonly render: (offered: OfferedPath, slug: string) => Answer;
  /** Milliseconds that only grow. */
  readonly now: () => number;
}

export interface NarinfoMemory {
  /** How many answers are kept. */
  readonly answers: number;
  /** Milliseconds after which a kept answer is asked of the truth again. */
  readonly fresh: number;
}

export interface NarinfoPlace {
  readonly slug: string;
  readonly hashPart: string;
}

interface Kept<Answer> {
  readonly answer: Answer;
  readonly offered: OfferedPath;
  freshUntil: number;
}

export class NarinfoAnswers<Answer> {
  private readonly kept = new Map<string, Kept<Answer>>();
  private readonly asked = new Map<string, Promise<Answer | null>>();

  constructor(
    private readonly parts: NarinfoParts<Answer>,
    private readonly memory: NarinfoMemory,
  ) {}

  /** The answer under a key, if it is known now without asking anybody. */
  peek(key: string): Answer | null {
    const kept = this.kept.get(key);
    return kept && kept.freshUntil > this.parts.now() ? kept.answer : null;
  }

  /** Null when nothing is offered; FarmFault when that cannot be known now. */
  async ask(key: string, place: NarinfoPlace): Promise<Answer | null> {
    const running = this.asked.get(key);
    if (running) return running;
    const asking = this.find(key, place).finally(() => this.asked.delete(key));
    this.asked.set(key, asking);
    return asking;
  }

  private async find(key: string, { slug, hashPart }: NarinfoPlace): Promise<Answer | null> {
    const before = this.kept.get(key);
    const offered = await this.parts.substitutes.lookup(slug, hashPart).catch((error: unknown) => {
      const down = error instanceof FarmFault && error.code === 'database-unavailable';
      if (down && before) return before.offered;
      throw error;
    });
    this.kept.delete(key);
    if (!offered) return null;
    const unchanged = before && sameOffer(before.offered, offered);
    const answer = unchanged ? before.answer : this.parts.render(offered, slug);
    this.keep(key, { answer, offered, freshUntil: this.parts.now() + this.memory.fresh });
    return answer;
  }

  /** The one kept longest without being looked up again goes first. */
  private keep(key: string, kept: Kept<Answer>): void {
    this.kept.set(key, kept);
    if (this.kept.size <= this.memory.answers) return;
    const [oldest] = this.kept.keys();
    if (oldest !== undefined) this.kept.delete(oldest);
  }
}

/** Rows of one id differ in their files only, which encodings in the background may add. */
function sameOffer(a: OfferedPath, b: OfferedPath): boolean {
  return (
    a === b ||
    (a.id === b.id &&
      a.files.length === b.files.length &&
      a.files.every((file, i) => file.fileHash === b.files[i]?.fileHash))
  );
}
