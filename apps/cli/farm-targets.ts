/**
 * What people name on the command line, found at the farm: an id, a name, a commit, or an address
 * pasted from the dashboard, which also says which farm is asked.
 */
import { listBuilds } from '#client/generated/builds.js';
import { getCommit } from '#client/generated/evaluations.js';
import type { EvaluationAnswer } from '#client/generated/shared.js';
import { getSpecification } from '#client/generated/specifications.js';
import { listWorkers, type WorkerAnswer } from '#client/generated/workers.js';
import { exitCodeOf, exitCodes, Refusal } from './exit-codes.js';
import type { FarmApi } from './farm-api.js';
import { openFarmApi, type FarmOptions } from './farm-options.js';
import { readAddress, type Kind, type Named } from './pasted-address.js';

export interface Target {
  readonly farm: FarmApi;
  readonly id: string;
  /** Of a build: the attempt that a pasted address shows. */
  readonly attempt?: string | undefined;
}

/** Of all that have read a commit; one specification may have read it many times. */
const evaluationsLookedAt = 500;
const isId = /^#?([1-9]\d{0,15})$/;
const isCommit = /^(?=.*[a-f]|.{40})[0-9a-f]{7,40}$/;

/** An id, a commit, or a specification, whose newest evaluation it is. */
export async function findEvaluation(text: string, options: FarmOptions): Promise<Target> {
  const { farm, named } = await openNamed(text, options, ['evaluation', 'specification', 'commit']);
  const value = named?.value ?? text;
  const kind = named?.kind ?? (isId.test(text) ? 'evaluation' : guessed(text));
  if (kind === 'evaluation') return { farm, id: idIn(value) };
  if (kind === 'commit') return { farm, id: (await evaluationOf(farm, { commit: value })).id };
  return { farm, id: (await newestEvaluation(farm, value)).id };
}

function guessed(text: string): Kind {
  return isCommit.test(text) ? 'commit' : 'specification';
}

async function newestEvaluation(farm: FarmApi, name: string): Promise<EvaluationAnswer> {
  const { lastEvaluation } = await getSpecification(farm.client, { path: { name } });
  if (lastEvaluation) return lastEvaluation;
  throw new Refusal('notFound', `${name} has no evaluation yet`);
}

export interface CommitWish {
  /** Whole, or its first digits. */
  readonly commit: string;
  readonly specification?: string | undefined;
}

/** The newest evaluation that read the commit; a Refusal `notFound` when none did. */
export async function evaluationOf(farm: FarmApi, wish: CommitWish): Promise<{ id: string }> {
  const none = new Refusal('notFound', `no evaluation has read the commit ${wish.commit}`);
  const known = await getCommit(farm.client, {
    path: { revision: wish.commit },
    query: { limit: evaluationsLookedAt },
  }).catch((error: unknown) => {
    throw exitCodeOf(error) === exitCodes.notFound ? none : error;
  });
  const { specification } = wish;
  const found = known.items.find(({ evaluation }) => {
    return specification === undefined || evaluation.specification.name === specification;
  });
  if (!found) throw none;
  return { id: found.evaluation.id };
}

/** An id, or the name of a package, whose newest build it is. */
export async function findBuild(text: string, options: FarmOptions): Promise<Target> {
  const { farm, named } = await openNamed(text, options, ['build']);
  if (named) return { farm, id: idIn(named.value), attempt: named.attempt };
  if (isId.test(text)) return { farm, id: idIn(text) };
  const query = { package: text, limit: 1 };
  const [newest] = (await listBuilds(farm.client, { query })).items;
  if (!newest) throw new Refusal('notFound', `no build of a package ${text}`);
  const { id, name, system } = newest;
  process.stderr.write(`build ${id} is the newest of ${text}: ${name} for ${system}\n`);
  return { farm, id };
}

/** An id or a name. */
export async function findWorker(
  text: string,
  options: FarmOptions,
): Promise<{ readonly farm: FarmApi; readonly worker: WorkerAnswer }> {
  const { farm, named } = await openNamed(text, options, ['worker']);
  const value = named?.value ?? text;
  const { items } = await listWorkers(farm.client);
  const worker = items.find(({ name }) => name === value) ?? items.find(({ id }) => id === value);
  if (worker) return { farm, worker };
  throw new Refusal('notFound', `there is no worker ${value}`);
}

/** A name, or an address: which farm is asked, and for which specification. */
export async function findSpecification(
  text: string,
  options: FarmOptions,
): Promise<{ readonly farm: FarmApi; readonly name: string }> {
  const { farm, named } = await openNamed(text, options, ['specification']);
  return { farm, name: named?.value ?? text };
}

async function openNamed(
  text: string,
  options: FarmOptions,
  kinds: readonly Kind[],
): Promise<{ readonly farm: FarmApi; readonly named: Named | null }> {
  const pasted = readAddress(text);
  if (pasted === null && /^https?:/i.test(text)) {
    throw new Refusal('usage', `${text} is not the address of ${oneOf(kinds)}`);
  }
  if (pasted !== null && !kinds.includes(pasted.named.kind)) {
    const { kind, value } = pasted.named;
    throw new Refusal('usage', `that is the address of ${kind} ${value}, not of ${oneOf(kinds)}`);
  }
  return { farm: await openFarmApi(options, pasted?.base), named: pasted?.named ?? null };
}

function oneOf(kinds: readonly Kind[]): string {
  return kinds.map((kind) => `${/^[aeiou]/.test(kind) ? 'an' : 'a'} ${kind}`).join(' or ');
}

function idIn(text: string): string {
  const match = isId.exec(text);
  if (match) return match[1]!;
  throw new Refusal('usage', `${text} is no id`);
}
