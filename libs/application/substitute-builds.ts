/**
 * Carries out substitutions: what an upstream has is fetched, and the build has succeeded without
 * being built. A fetch that fails is tried again for a while; then, or when the upstream does not
 * have it any more, the build is built, and its inputs are wished for as if it had been so from the
 * beginning.
 */
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { InvariantBroken } from '#std/invariant.js';
import { graceSeconds } from '#domain/substitute/upstream.js';
import type { UpstreamQuestions } from './ask-upstreams.js';
import { decideFates } from './decide-fates.js';
import { NotToBeHad, type ClosureMirror } from './mirror-closure.js';
import type { Bus } from './ports/bus.js';
import type { InputFates, Substitution, SubstitutionStore } from './ports/substitution-store.js';
import type { UpstreamClient } from './ports/upstream-client.js';
import type { UpstreamStore } from './ports/upstream-store.js';

export interface SubstituteParts {
  readonly store: SubstitutionStore;
  readonly upstreams: Pick<UpstreamStore, 'upstreams' | 'dormant'>;
  readonly questions: Pick<UpstreamQuestions, 'present'>;
  readonly client: Pick<UpstreamClient, 'health'>;
  readonly mirror: Pick<ClosureMirror, 'bring'>;
  readonly bus: Pick<Bus, 'publish'>;
  /** For people. */
  readonly tell: (sentence: string) => void;
}

/** Most of them wait for one of the few nars that are fetched at once. */
const atOnce = 32;
/** Renewed while this process lives. */
export const claimSeconds = 120;
const triesAtMost = 6;
const firstRest = 5;
const longestRest = 60;
const ours = /^(database|redis|substituter)-unavailable$|^disk-full$|^file-unreadable$/;

/** Takes up more as soon as some have ended, so that one large nar keeps nothing else waiting. */
export class BuildSubstituter {
  private readonly underWay = new Set<Promise<void>>();
  private broken: InvariantBroken | null = null;

  constructor(private readonly parts: SubstituteParts) {}

  /** Begins what there is room for; false when there is nothing more to begin now. */
  async pass(): Promise<boolean> {
    if (this.broken) throw this.broken;
    const room = atOnce - this.underWay.size;
    if (room === 0) {
      await Promise.race(this.underWay);
      return true;
    }
    const claimed = await this.parts.store.claim(room, claimSeconds);
    for (const one of claimed) {
      const ending: Promise<void> = substitute(this.parts, one)
        .catch((fault: unknown) => this.note(one, fault))
        .finally(() => this.underWay.delete(ending));
      this.underWay.add(ending);
    }
    return claimed.length > 0;
  }

  private note({ build }: Substitution, fault: unknown): void {
    if (fault instanceof InvariantBroken) this.broken = fault;
    this.parts.tell(`build ${build}: ${sentenceOf(fault)}`);
  }

  /** When nothing is under way. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.all(this.underWay);
  }
}

async function substitute(parts: SubstituteParts, one: Substitution): Promise<void> {
  try {
    await parts.mirror.bring(one.slug, one.outputs);
    const done = await parts.store.finish([one.build]);
    for (const build of done) {
      const live = JSON.stringify({ build: String(build), status: 'succeeded' });
      await parts.bus.publish('live/builds', live);
    }
    await parts.bus.publish('planner', '');
  } catch (fault) {
    await settle(parts, one, fault);
  }
}

async function settle(parts: SubstituteParts, one: Substitution, fault: unknown): Promise<void> {
  if (!(fault instanceof FarmFault) && !(fault instanceof NotToBeHad)) throw fault;
  const isOurs = fault instanceof FarmFault && ours.test(fault.code);
  const isGone = fault instanceof NotToBeHad;
  const isOver = one.tries + 1 >= triesAtMost || (await hasFailedLong(parts, one.slug));
  if (isGone || (!isOurs && isOver)) {
    parts.tell(`build ${one.build} is built after all: ${sentenceOf(fault)}`);
    return buildAfterAll(parts, one);
  }
  const rest = Math.min(firstRest * 2 ** one.tries, longestRest);
  await parts.store.postpone(one.build, rest);
}

/** Every upstream of the store has failed for longer than is waited for it. */
async function hasFailedLong(
  { upstreams, client }: SubstituteParts,
  slug: string,
): Promise<boolean> {
  const serving = (await upstreams.upstreams()).filter((upstream) => upstream.slug === slug);
  return serving.every((upstream) => {
    const { failingSeconds } = client.health(upstream);
    return failingSeconds !== null && failingSeconds > graceSeconds;
  });
}

async function buildAfterAll(parts: SubstituteParts, one: Substitution): Promise<void> {
  const failed = await parts.store.giveUp(one.build, await fatesOfInputs(parts, one));
  if (failed) await parts.bus.publish('failures', '');
  await parts.bus.publish('planner', '');
}

/** Of the inputs that were given up because nothing needed them. */
export async function fatesOfInputs(
  { store, upstreams, questions }: Pick<SubstituteParts, 'store' | 'upstreams' | 'questions'>,
  { build, slug }: Pick<Substitution, 'build' | 'slug'>,
): Promise<InputFates> {
  const { fates } = await decideFates(await store.inputsOf(build), {
    candidates: (names) => upstreams.dormant(slug, names),
    present: (paths) => questions.present(slug, paths),
  });
  const substitute = new Map<string, boolean>();
  const again = new Set<string>();
  for (const [name, fate] of fates) {
    if (fate === 'substitute') substitute.set(name, true);
    else again.add(name);
  }
  return { substitute, build: again };
}
