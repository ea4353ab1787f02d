/**
 * Looks at the repositories that the farm follows and makes the specifications that each keeps
 * those of its files. A revision that was applied is not applied again, so that what is changed
 * here by force stays until the next commit. A broken file changes nothing; its faults are told.
 */
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { type ApplyStep, planApply } from '#domain/specification/apply-plan.js';
import { keeperWords } from '#domain/specification/keeping.js';
import { restorePassword } from '#domain/specification/password.js';
import { type Specification, storeOf } from '#domain/specification/specification.js';
import type { Bus } from './ports/bus.js';
import type { ChannelSource } from './ports/channel-source.js';
import type {
  FollowedRepositories,
  FollowedRepository,
  LookOutcome,
  ReadSpecificationFiles,
  SpecificationFault,
} from './ports/followed-repositories.js';
import type { PollTimers } from './ports/poll-timers.js';
import type { SpecificationStore, StoredSpecification } from './ports/specification-store.js';
import type { StoreRegistry } from './ports/store-registry.js';

export interface FollowParts {
  readonly repositories: FollowedRepositories;
  readonly source: Pick<ChannelSource, 'fetch' | 'readText'>;
  readonly read: ReadSpecificationFiles;
  readonly specifications: SpecificationStore;
  readonly stores: Pick<StoreRegistry, 'ensureUntrusted'>;
  readonly bus: Pick<Bus, 'publish'>;
  readonly timers: Pick<PollTimers, 'trigger'>;
  /** Between two looks at a repository that says none. */
  readonly pollSeconds: number;
}

export interface Looked {
  readonly repository: FollowedRepository;
  readonly outcome: LookOutcome;
}

/** Rejects only when the farm itself fails, or when canceled. */
export async function followRepositories(
  parts: FollowParts,
  cancellation: Cancellation,
): Promise<Looked[]> {
  const due = await parts.repositories.takeDue(parts.pollSeconds);
  const looked: Looked[] = [];
  for (const repository of due) {
    const outcome = await look(parts, repository, cancellation);
    await parts.repositories.note(repository, outcome);
    looked.push({ repository, outcome });
  }
  return looked;
}

async function look(
  parts: FollowParts,
  repository: FollowedRepository,
  cancellation: Cancellation,
): Promise<LookOutcome> {
  let revision: string | null = null;
  try {
    revision = await parts.source.fetch(channelOf(repository), cancellation);
    if (revision === repository.appliedRevision) return { kind: 'applied', revision };
    const { texts, missing } = await textsOf(parts, repository, revision);
    const { specifications, faults } = parts.read(texts);
    const all = [...missing, ...faults];
    if (all.length > 0) return { kind: 'faulty', revision, faults: all };
    const failure = await apply(parts, repository, specifications);
    return failure === null ? { kind: 'applied', revision } : { kind: 'failed', revision, failure };
  } catch (fault) {
    const code = fault instanceof FarmFault ? fault.code : null;
    if (code === 'canceled' || code === 'database-unavailable') throw fault;
    // One repository holds up no other.
    return { kind: 'failed', revision, failure: sentenceOf(fault) };
  }
}

function channelOf({ name, url, branch, credential }: FollowedRepository): {
  name: string;
  url: string;
  branch: string;
} {
  return { name, url, branch, ...(credential === null ? {} : { credential }) };
}

interface Texts {
  readonly texts: readonly { readonly name: string; readonly text: string }[];
  readonly missing: readonly SpecificationFault[];
}

async function textsOf(
  { source }: FollowParts,
  repository: FollowedRepository,
  revision: string,
): Promise<Texts> {
  const texts: { name: string; text: string }[] = [];
  const missing: SpecificationFault[] = [];
  for (const file of repository.files) {
    const text = await source.readText(channelOf(repository), revision, file);
    const message = `there is no such file on ${repository.branch}: add it, or follow another`;
    if (text === null) missing.push({ file, line: 1, column: 1, message });
    else texts.push({ name: file, text });
  }
  return { texts, missing };
}

/** Why nothing was applied; null: all is as the files say. */
async function apply(
  parts: FollowParts,
  { name, adopt }: FollowedRepository,
  read: readonly Specification[],
): Promise<string | null> {
  const managedBy = `repository:${name}`;
  const standing = await parts.specifications.list();
  const wanted = read.map((one) => withPasswords(one, standing));
  const unknown = wanted.find((one) => one === null);
  if (unknown === null) return 'a password is left out as *** where no channel has one';
  const steps = planApply({
    standing,
    wanted: wanted.filter((one) => one !== null),
    ...{ managedBy, prune: true, adopt },
  });
  const refused = steps.filter((step) => step.action === 'refuse');
  if (refused.length > 0) {
    const told = refused.map((step) => `${step.name} is kept by ${keeperWords(step.keeper)}`);
    return `${told.join(', ')}: take it out there, or follow with adopt`;
  }
  for (const step of steps) await carryOut(parts, step, { managedBy, standing });
  return null;
}

/** What was exported holds *** where the password was. */
function withPasswords(
  wanted: Specification,
  standing: readonly StoredSpecification[],
): Specification | null {
  const before = standing.find(({ name }) => name === wanted.name);
  const known = before?.specification.channels.map(({ url }) => url) ?? [];
  const urls = wanted.channels.map(({ url }) => restorePassword(url, known));
  if (urls.includes(null)) return null;
  const channels = wanted.channels.map((one, index) => ({ ...one, url: urls[index] ?? one.url }));
  return { ...wanted, channels };
}

interface Writing {
  readonly managedBy: string;
  readonly standing: readonly StoredSpecification[];
}

async function carryOut(
  parts: FollowParts,
  step: ApplyStep,
  { managedBy, standing }: Writing,
): Promise<void> {
  const { specifications, stores, bus, timers } = parts;
  const before = standing.find(({ name }) => name === step.name);
  if (step.action === 'archive') {
    await specifications.archive(step.name);
    await bus.publish('specifications', String(before?.id ?? ''));
    await bus.publish('intents', '');
  }
  if (step.action !== 'create' && step.action !== 'change') return;
  const { wanted } = step;
  if (wanted.trust === 'untrusted') await stores.ensureUntrusted(storeOf(wanted));
  const saved = await specifications.save(wanted, before?.version ?? 0, managedBy);
  if (!saved.ok) {
    const message = `${step.name} was edited while it was applied`;
    throw new FarmFault('misconfigured', message, 'later');
  }
  await bus.publish('specifications', String(saved.value.id));
  const call = { specification: saved.value.id, trigger: 'edit' as const };
  // The write stands and its poll is due: a queue that is away only makes it later.
  if (wanted.active) await timers.trigger(call).catch(() => undefined);
}
