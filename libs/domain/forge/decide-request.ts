/** What becomes of a pull request's specification when the forge tells of the request. */
import type { Specification } from '../specification/specification.js';
import type { Forge } from './forge.js';
import type { RequestEvent } from './forge-event.js';
import { repositoryOn } from './repository-address.js';
import { requestSpecification } from './request-specification.js';
import { unwelcome, type RequestTemplate } from './request-template.js';

export type RequestState = 'open' | 'closed' | 'unwelcome' | 'expired';

export interface StandingRequest {
  readonly state: RequestState;
  readonly revision: string;
  readonly updatedAt: Date;
}

export interface RequestFacts {
  readonly forge: Pick<Forge, 'address'>;
  readonly event: RequestEvent;
  readonly template: RequestTemplate;
  /** The specification that stands model; null: there is none of that name. */
  readonly model: Specification | null;
  readonly standing: StandingRequest | null;
  /** Requests of the template that have a specification now. */
  readonly open: number;
}

export type RequestStep =
  /** It shall have this specification. `anew`: its commit is not the one it had. */
  | { readonly kind: 'open'; readonly specification: Specification; readonly anew: boolean }
  | { readonly kind: 'end'; readonly state: 'closed' | 'unwelcome'; readonly why: string }
  | { readonly kind: 'nothing'; readonly refused: boolean; readonly why: string };

/** Whatever is repeated or comes out of order ends the same way. */
export function decideRequest(facts: RequestFacts): RequestStep {
  const { event, template, standing } = facts;
  const isOpen = standing?.state === 'open';
  if (standing && Date.parse(event.updatedAt) < standing.updatedAt.getTime()) {
    return ignored('comes after later news of the same request');
  }
  if (event.happened === 'closed') {
    // Also when it has no specification any more: older news may still come.
    return standing && standing.state !== 'closed'
      ? { kind: 'end', state: 'closed', why: 'is closed' }
      : ignored('is closed, and has no specification');
  }
  const why = unwelcome(template, event);
  if (why !== null) return isOpen ? { kind: 'end', state: 'unwelcome', why } : refused(why);
  const sameCommit = standing?.revision === event.head?.revision;
  if (standing?.state === 'expired' && sameCommit && event.happened !== 'opened') {
    return ignored('has expired; a new commit or opening it again lets it back in');
  }
  return opened(facts, isOpen);
}

function opened({ forge, event, template, model, ...facts }: RequestFacts, isOpen: boolean) {
  const { head } = event;
  if (!model) return refused(`has no model: there is no specification ${template.specification}`);
  if (!head) return refused('came from a repository that is gone');
  // Otherwise whoever may open a request could have the farm ask any address that it reaches.
  if (!head.sameRepository && repositoryOn(forge, head.address) === null) {
    return refused('came from a repository that is not of this forge');
  }
  const made = requestSpecification({ template, model, event, head });
  if (!made.ok) return refused(made.error);
  if (!isOpen && facts.open >= template.requestsAtMost) {
    return refused(`is one too many: ${facts.open} requests have a specification`);
  }
  const anew = !isOpen || facts.standing?.revision !== head.revision;
  return { kind: 'open', specification: made.value, anew } as const;
}

function ignored(why: string): RequestStep {
  return { kind: 'nothing', refused: false, why };
}

function refused(why: string): RequestStep {
  return { kind: 'nothing', refused: true, why };
}
