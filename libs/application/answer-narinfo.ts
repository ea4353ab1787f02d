/**
 * What a narinfo request is answered. Misses are always asked of the truth, since a client
 * remembers a miss for an hour; hits are held until the truth tells that they changed, and looked
 * up once however many ask at the same time. While nobody can tell of changes, each ask goes to the
 * truth; when that does not answer either, what is held stands.
 */
import { FarmFault } from '#std/farm-fault.js';
import type { AnswerKeeper, HeldAnswer, NarinfoPlace } from './ports/answer-keeper.js';
import type { OfferedPaths, ToldPath } from './ports/offered-paths.js';

export interface NarinfoParts<Answer> {
  readonly offered: Pick<OfferedPaths, 'lookup'>;
  /** Prints and signs; asked once for each path that is kept. */
  readonly render: (offered: ToldPath, place: NarinfoPlace) => Answer;
  readonly keeper: AnswerKeeper<Answer>;
}

interface Asking<Answer> {
  readonly place: NarinfoPlace;
  readonly answer: Promise<Answer | null>;
  /** Something changed while it was looked up: its answer is given, but not held. */
  spoiled: boolean;
}

export class NarinfoAnswers<Answer> {
  private readonly asked = new Map<string, Asking<Answer>>();
  /** Grows whenever changes begin or cease to be told. */
  private age = 0;
  private told = false;

  constructor(private readonly parts: NarinfoParts<Answer>) {}

  /** Null when nothing is offered; FarmFault when that cannot be known now. */
  ask(place: NarinfoPlace): Promise<Answer | null> {
    const key = `${place.store.id}/${place.hashPart}`;
    const running = this.asked.get(key);
    if (running && !running.spoiled) return running.answer;
    const answer = this.find(place, () => asking.spoiled).finally(() => {
      if (this.asked.get(key) === asking) this.asked.delete(key);
    });
    const asking: Asking<Answer> = { place, answer, spoiled: false };
    this.asked.set(key, asking);
    return answer;
  }

  /** These paths of a store have changed; null: any of them may have. */
  changed(store: number, hashParts: readonly string[] | null): void {
    const { keeper } = this.parts;
    if (hashParts === null) {
      keeper.forgetStore(store);
      this.spoil(({ place }) => place.store.id === store);
      return;
    }
    for (const hashPart of hashParts) {
      keeper.forget({ store: { id: store, slug: '' }, hashPart });
      const asking = this.asked.get(`${store}/${hashPart}`);
      if (asking) asking.spoiled = true;
    }
  }

  /** Changes are told from now on, or not any more. */
  hearing(told: boolean): void {
    this.told = told;
    this.age += 1;
    this.parts.keeper.doubtAll();
  }

  private spoil(which: (asking: Asking<Answer>) => boolean): void {
    for (const asking of this.asked.values()) if (which(asking)) asking.spoiled = true;
  }

  private async find(place: NarinfoPlace, spoiled: () => boolean): Promise<Answer | null> {
    const { keeper, offered, render } = this.parts;
    const before = await keeper.find(place);
    if (before?.fresh) return before.answer;
    const age = this.age;
    let path: ToldPath | null;
    try {
      path = await offered.lookup(place.store.id, place.hashPart);
    } catch (error) {
      if (before && isAway(error)) return before.answer;
      throw error;
    }
    if (!path) {
      keeper.forget(place);
      return null;
    }
    const held = this.made(path, before, () => render(path, place));
    const fresh = this.told && age === this.age;
    if (!spoiled()) keeper.keep(place, { ...held, fresh });
    return held.answer;
  }

  /** What was made from the same is not made again. */
  private made(
    path: ToldPath,
    before: HeldAnswer<Answer> | null,
    render: () => Answer,
  ): Pick<HeldAnswer<Answer>, 'answer' | 'digest'> {
    const digest = digestOf(path);
    return { digest, answer: before?.digest === digest ? before.answer : render() };
  }
}

function isAway(error: unknown): boolean {
  return error instanceof FarmFault && error.code === 'database-unavailable';
}

/** FNV-1a over what may differ between two rows of one path; the rest never changes. */
function digestOf({ id, offeredAt, files, signatures }: ToldPath): number {
  const text = JSON.stringify([id, offeredAt, files, signatures]);
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
