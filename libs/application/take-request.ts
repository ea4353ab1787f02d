/**
 * Gives a pull request its specification, keeps that at the request's commit, and takes it away
 * when the request ends, has become unwelcome or is too old.
 */
import { decideRequest, type RequestState } from '#domain/forge/decide-request.js';
import type { Forge } from '#domain/forge/forge.js';
import type { RequestEvent } from '#domain/forge/forge-event.js';
import { requestName, type RequestTemplate } from '#domain/forge/request-template.js';
import { storeOf, type Specification } from '#domain/specification/specification.js';
import type { Bus } from './ports/bus.js';
import type { DeliveryEnd, DeliveryOutcome } from './ports/forge-deliveries.js';
import type { KnownRequest, RequestKey, RequestStore } from './ports/forge-requests.js';
import type { PollTimers } from './ports/poll-timers.js';
import type { SpecificationStore, StoredSpecification } from './ports/specification-store.js';
import type { StoreRegistry } from './ports/store-registry.js';

export interface RequestDesk {
  readonly requests: RequestStore;
  readonly specifications: SpecificationStore;
  readonly stores: Pick<StoreRegistry, 'ensureUntrusted'>;
  /** Throws when the queue is away, and does not wait for it. */
  readonly timers: Pick<PollTimers, 'trigger'>;
  readonly bus: Pick<Bus, 'publish'>;
}

interface Done {
  readonly outcome: DeliveryOutcome;
  readonly sentence: string;
  readonly specification: string | null;
}

/** The outcome that says most, of a request that several templates build. */
const telling: readonly DeliveryOutcome[] = ['opened', 'updated', 'ended', 'refused', 'ignored'];

export async function takeRequest(
  desk: RequestDesk,
  forge: Forge,
  event: RequestEvent,
): Promise<DeliveryEnd> {
  const { repository, number } = event;
  const templates = await desk.requests.templates(forge.id, repository.name);
  const done: Done[] = [];
  for (const template of templates) done.push(await carryOut(desk, { forge, event, template }));
  if (done.length === 0) {
    const detail = `Nothing is said about requests of ${repository.name} (this is ${number}).`;
    return { outcome: 'ignored', detail, specifications: [] };
  }
  return {
    outcome: telling.find((word) => done.some(({ outcome }) => outcome === word)) ?? 'ignored',
    detail: done.map(({ sentence }) => sentence).join(' '),
    specifications: done.flatMap(({ specification }) => specification ?? []),
  };
}

interface Asked {
  readonly forge: Forge;
  readonly event: RequestEvent;
  readonly template: RequestTemplate;
}

async function carryOut(desk: RequestDesk, asked: Asked): Promise<Done> {
  const { event, template } = asked;
  const key = { template: template.id, number: event.number };
  const [known, open, model] = await Promise.all([
    desk.requests.find(key),
    desk.requests.countOpen(template.id),
    desk.specifications.find(template.specification),
  ]);
  const step = decideRequest({
    ...asked,
    ...{ model: model?.specification ?? null, standing: known, open },
  });
  const request = `Request ${event.number} of ${event.repository.name}`;
  if (step.kind === 'nothing') {
    const outcome = step.refused ? 'refused' : 'ignored';
    return { outcome, sentence: `${request} ${step.why}.`, specification: null };
  }
  if (step.kind === 'open') {
    const shall = { key, known, specification: step.specification, anew: step.anew };
    return keep(desk, asked, shall);
  }
  const name = requestName(template, event.number);
  await letGo(desk, { ...key, ...known!, name });
  const { state } = step;
  const noted = { ...key, ...known!, state, updatedAt: event.updatedAt, expiryHours: null };
  await desk.requests.note(noted);
  return { outcome: 'ended', sentence: `${request} ${step.why}.`, specification: name };
}

interface Shall {
  readonly key: RequestKey;
  readonly known: KnownRequest | null;
  readonly specification: Specification;
  /** It has another commit than before. */
  readonly anew: boolean;
}

async function keep(desk: RequestDesk, asked: Asked, shall: Shall): Promise<Done> {
  const { event, template, forge } = asked;
  const { key, known, specification } = shall;
  // A name that was only claimed: whether its channels were looked at is not known.
  const anew = shall.anew || known?.specification === null;
  const { name } = specification;
  const standing = await desk.specifications.find(name);
  if (standing && !isIts(standing, known)) {
    const sentence = `There is a specification ${name} already, which is not the request's.`;
    return { outcome: 'refused', sentence, specification: null };
  }
  const note = {
    ...{ ...key, name, revision: event.head!.revision, state: 'open' as const },
    ...{ updatedAt: event.updatedAt, expiryHours: anew ? template.expiryHours : null },
  };
  // The name is claimed first: who begins again after a fault knows its own specification by that.
  if (!standing) await desk.requests.note({ ...note, specification: null });
  if (specification.trust === 'untrusted')
    await desk.stores.ensureUntrusted(storeOf(specification));
  const saved = await desk.specifications.save(
    ...([specification, standing?.version ?? 0, `forge:${forge.name}`] as const),
  );
  if (!saved.ok) throw new Error(`somebody else writes the specification ${name}`);
  const { id, version } = saved.value;
  if (version !== standing?.version || anew) {
    await desk.bus.publish('specifications', String(id));
    await desk.timers.trigger({ specification: id, trigger: 'edit' });
  }
  await desk.requests.note({ ...note, specification: id });
  const where = `${event.head!.revision} of ${event.head!.branch}`;
  return {
    outcome: standing ? 'updated' : 'opened',
    sentence: `Request ${event.number} of ${event.repository.name} is at ${where}.`,
    specification: name,
  };
}

/** A specification of its name that somebody else made is never touched. */
function isIts({ id }: StoredSpecification, known: KnownRequest | null): boolean {
  if (!known) return false;
  return known.specification === null ? known.state === 'open' : known.specification === id;
}

async function letGo(desk: RequestDesk, known: KnownRequest): Promise<void> {
  const standing = await desk.specifications.find(known.name);
  if (!standing || !isIts(standing, known)) return;
  await desk.specifications.archive(known.name);
  await desk.bus.publish('specifications', String(standing.id));
  await desk.bus.publish('intents', '');
}

const endedAtOnce = 100;

/** Ends what is too old, and what nobody's template speaks for any more. Answers sentences. */
export async function expireRequests(
  desk: RequestDesk,
  goOn: () => boolean,
): Promise<readonly string[]> {
  const told: string[] = [];
  for (const request of await desk.requests.overdue(endedAtOnce)) {
    if (!goOn()) break;
    await letGo(desk, request);
    await desk.requests.end(request, 'expired' satisfies RequestState);
    told.push(`the specification ${request.name} of a pull request has expired`);
  }
  return told;
}
