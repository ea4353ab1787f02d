/**
 * The specification of a pull request, made from the one that stands model: untrusted always, with
 * the request's commit in place of the branch that it asks to be merged into, and told nobody.
 */
import { err, ok, type Result } from '#std/result.js';
import { checkChannel } from '../specification/channel-grammar.js';
import { withoutPassword } from '../specification/password.js';
import type { Channel, Specification } from '../specification/specification.js';
import type { RequestEvent, RequestHead, RepositoryPlaces } from './forge-event.js';
import { sameRepository } from './repository-address.js';
import { requestName, type RequestTemplate } from './request-template.js';

/**
 * Its own channel is pinned and each new commit is told, so that polling is in vain; and the others
 * shall stay as they were when the commit came.
 */
const rareSeconds = 7 * 24 * 3600;

export interface RequestParts {
  readonly template: RequestTemplate;
  /** What stands model. */
  readonly model: Specification;
  readonly event: RequestEvent;
  readonly head: RequestHead;
}

/** The error ends a sentence that begins with the request. */
export function requestSpecification(parts: RequestParts): Result<Specification, string> {
  const { template, model, event, head } = parts;
  const replaced = followed(model, event.repository, event.base);
  if (!replaced) {
    return err(`is for ${event.base}, which no channel of ${model.name} follows`);
  }
  const own = ownChannel(replaced, head);
  const checked = checkChannel(own);
  if (!checked.ok) return err(`cannot be fetched: ${checked.error.sentence}`);
  const secretive = model.channels.find((one) => one !== replaced && needsSecret(one));
  if (secretive && !head.sameRepository) {
    return err(`is of a fork, and the channel ${secretive.name} of ${model.name} needs a secret`);
  }
  const { notifications: _, ...rest } = model;
  return ok({
    ...rest,
    name: requestName(template, event.number),
    channels: model.channels.map((one) => (one === replaced ? own : one)),
    ...{ priority: template.priority, maxRunning: template.maxRunning, period: rareSeconds },
    ...{ active: true, trust: 'untrusted', superseded: 'cancel', keep: 1 },
  });
}

/** The channel of a specification that a push to this branch moves; pinned ones stay. */
export function movedChannel(
  { channels }: Pick<Specification, 'channels'>,
  repository: RepositoryPlaces,
  branch: string,
): Channel | null {
  const unpinned = channels.filter((channel) => channel.commit === undefined);
  return followed({ channels: unpinned }, repository, branch);
}

function followed(
  { channels }: Pick<Specification, 'channels'>,
  repository: RepositoryPlaces,
  branch: string,
): Channel | null {
  const isThis = ({ url }: Channel): boolean =>
    repository.addresses.some((address) => sameRepository(address, url));
  return channels.find((channel) => channel.branch === branch && isThis(channel)) ?? null;
}

/**
 * Within the repository the way to it stays, with what it needs. A fork is anybody's: it is fetched
 * as anybody fetches it, and nobody whom the introduction knows has signed it.
 */
function ownChannel(replaced: Channel, { address, sameRepository: same, ...head }: RequestHead) {
  const { branch, revision: commit } = head;
  if (same) return { ...replaced, branch, commit };
  return { name: replaced.name, url: address, branch, commit };
}

function needsSecret({ url, credential }: Channel): boolean {
  return credential !== undefined || withoutPassword(url) !== url || /^ssh:/i.test(url);
}
