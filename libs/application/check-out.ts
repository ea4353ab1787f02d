/** Brings what an evaluation reads into its room, in the order in which it was recorded. */
import { FarmFault } from '#std/farm-fault.js';
import type { ChannelRevision } from '#domain/evaluation/revisions.js';
import type { Channel } from '#domain/specification/specification.js';
import type { EvaluationRequest, LentRepository } from './ports/backend.js';
import type { ChannelSource } from './ports/channel-source.js';
import type { ClaimedEvaluation } from './ports/evaluation-leases.js';
import type { EvaluationRoom } from './ports/evaluation-rooms.js';

export type CheckOutSource = Pick<ChannelSource, 'checkout' | 'lend'>;

type CheckedOut = Pick<EvaluationRequest, 'checkouts' | 'channels' | 'repositories'>;

/**
 * The specification's channels come first, in its order, since the selection's channel is the first
 * one unless named. Guix fetches and authenticates on its own, from repositories lent to it.
 */
export async function checkOut(
  source: CheckOutSource,
  claimed: ClaimedEvaluation,
  room: EvaluationRoom,
): Promise<CheckedOut> {
  const channels = orderedCheckouts(claimed);
  const checkouts = new Map<string, string>();
  const repositories = new Map<string, LentRepository>();
  for (const one of channels) {
    const channel = channelOf(one, claimed);
    const directory = room.checkoutOf(one.channel);
    await source.checkout(channel, one.revision, directory);
    checkouts.set(one.channel, directory);
    if (claimed.specification.backend !== 'guix') continue;
    const repository = room.repositoryOf(one.channel);
    repositories.set(one.channel, await source.lend(channel, one.revision, repository));
  }
  return { channels, checkouts, ...(repositories.size > 0 ? { repositories } : {}) };
}

function orderedCheckouts({ specification, checkouts }: ClaimedEvaluation): ChannelRevision[] {
  const named = specification.channels.map(({ name }) => {
    const found = checkouts.find(({ channel }) => channel === name);
    if (!found) throw new FarmFault('evaluator-failed', `channel ${name} has no checkout`, 'never');
    return found;
  });
  return [...named, ...checkouts.filter((one) => !named.includes(one))];
}

/** Only a channel that the specification names has a credential, and only at the address named. */
function channelOf(checkout: ChannelRevision, { specification }: ClaimedEvaluation): Channel {
  const { channel: name, url, branch, introduction } = checkout;
  const named = specification.channels.find((one) => one.name === name && one.url === url);
  return { name, url, branch, introduction, credential: named?.credential };
}
