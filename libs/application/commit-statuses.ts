/**
 * Keeps the statuses of commits at their forges as the farm's own verdicts are. Two loops: one says
 * what each status shall be, the other writes it, a forge at a time.
 */
import type { Cancellation } from '#std/cancellation.js';
import { sentenceOf } from '#std/farm-fault.js';
import { commitVerdict, statusContext } from '#domain/forge/commit-status.js';
import { repositoryOn } from '#domain/forge/repository-address.js';
import type { Forge } from '#domain/forge/forge.js';
import type { ForgeId } from '#domain/ids.js';
import type { Pages } from '#domain/notification/pages.js';
import { settle, type Outcome } from '#domain/notification/timing.js';
import type { ForgeCatalog } from './ports/forge-catalog.js';
import type { ForgeAnswer, ForgeWriter } from './ports/forge-writer.js';
import type {
  ClaimedStatus,
  CommitStatusStore,
  CommitWish,
  NewEvaluation,
} from './ports/commit-status-store.js';

const readAtOnce = 1000;

/** Answers how many statuses have changed. */
export async function judgeCommits(
  store: CommitStatusStore,
  catalog: Pick<ForgeCatalog, 'forges'>,
): Promise<number> {
  const forges = (await catalog.forges()).filter((forge) => forge.statusCredential !== null);
  if (forges.length === 0) return 0;
  const unseen = await store.unseen(readAtOnce);
  await store.wish(unseen.flatMap((one) => wishesOf(one, forges)));
  let changed = 0;
  for (const { id, word, description, standing } of await store.unsettled(readAtOnce)) {
    const verdict = commitVerdict(standing);
    if (verdict.word === word && verdict.description === description) continue;
    await store.judge(id, verdict);
    changed += 1;
  }
  return changed;
}

/** A pull request has its one commit; else every checkout that lies on a forge. */
export function wishesOf(one: NewEvaluation, forges: readonly Forge[]): CommitWish[] {
  const { evaluation, specification, name, request } = one;
  const rest = { context: statusContext(name), specification, evaluation };
  if (request) {
    if (!forges.some(({ id }) => id === request.forge)) return [];
    if (!one.checkouts.some(({ revision }) => revision === request.revision)) return [];
    return [{ ...request, ...rest }];
  }
  return one.checkouts.flatMap(({ url, revision }) =>
    forges.flatMap((forge) => {
      const repository = repositoryOn(forge, url);
      return repository === null ? [] : [{ forge: forge.id, repository, revision, ...rest }];
    }),
  );
}

export interface WriteParts {
  readonly store: Pick<CommitStatusStore, 'claim' | 'settle'>;
  readonly catalog: Pick<ForgeCatalog, 'forges'>;
  readonly write: ForgeWriter;
  readonly pages: Pages;
  readonly claimSeconds: number;
  readonly chance: () => number;
  readonly stopping: Cancellation;
}

const writtenAtOnce = 50;

/** Answers how many were tried; leaves the forge at the first failure. */
export async function writeCommits(parts: WriteParts, of: ForgeId): Promise<number> {
  const { store, catalog, claimSeconds, stopping } = parts;
  const forge = (await catalog.forges()).find(({ id }) => id === of);
  for (let tried = 0; tried < writtenAtOnce; tried += 1) {
    const claimed = stopping.aborted ? null : await store.claim(of, claimSeconds);
    if (!claimed) return tried;
    if (!(await writeOne(parts, claimed, forge))) return tried + 1;
  }
  return writtenAtOnce;
}

async function writeOne(
  { store, write, pages, chance, stopping }: WriteParts,
  claimed: ClaimedStatus,
  forge: Forge | undefined,
): Promise<boolean> {
  const { id, claim, build, evaluation, tries } = claimed;
  const url = build === null ? pages.evaluation(evaluation) : pages.build(build);
  const { outcome, restSeconds } = forge
    ? await write(forge, { ...claimed, url }, stopping).catch(ours)
    : { outcome: { kind: 'refused', answer: 'the forge is gone' } as const, restSeconds: 0 };
  const told: Outcome = stopping.aborted && outcome.kind === 'failed' ? interrupted : outcome;
  const settlement = settle(told, tries, chance());
  const settled = { settlement, answer: told.answer, forgeRestsSeconds: restSeconds };
  await store.settle(id, claim, settled);
  return told.kind === 'delivered' || told.kind === 'refused';
}

const interrupted: Outcome = { kind: 'interrupted', answer: 'the farm stopped meanwhile' };

function ours(fault: unknown): ForgeAnswer {
  return { outcome: { kind: 'failed', answer: sentenceOf(fault) }, restSeconds: 0 };
}
