/** Which of the channels that a channel needs are followed: as Guix does, and a little warier. */
import { isChannelUrl } from '../specification/channel-grammar.js';
import type { Channel, Trust } from '../specification/specification.js';

/** Of all channels of a specification, named and pulled in. */
export const channelsAtMost = 64;

/**
 * A name that is known is looked at again only when it is wanted at a commit and was not before:
 * what is more exact counts. Channels that the specification names come before all that they pull
 * in (in Guix: before what the channels behind them pull in), and a cycle ends of itself.
 */
export function isWanted(dependency: Channel, known: Channel | undefined): boolean {
  return !known || (known.commit === undefined && dependency.commit !== undefined);
}

/**
 * Why an address that a channel names is not followed; null: it is. Whoever writes to a channel
 * must neither read repositories on the farm's own disk nor use the farm's own keys. To an
 * untrusted specification anybody writes: the farm then asks public hosts alone.
 */
export function dependencyFault(
  dependency: Channel,
  parent: Channel,
  trust: Trust = 'trusted',
): string | null {
  const what = `${parent.name} needs the channel ${dependency.name}, whose address`;
  if (!isChannelUrl(dependency.url)) return `${what} is no https, http, ssh, git or file address`;
  const onDisk = ({ url }: Channel): boolean => /^file:/i.test(url);
  if (onDisk(dependency) && !onDisk(parent)) return `${what} lies on this machine`;
  if (/^ssh:/i.test(dependency.url)) {
    return `${what} wants a key: let the specification name the channel, with its credential`;
  }
  if (trust === 'untrusted' && !isPublicHttps(dependency.url)) {
    return `${what} is no https address of a public host, and the specification is untrusted`;
  }
  return null;
}

/** Names of the private network have no dot, or end as these; numbers are addresses. */
function isPublicHttps(url: string): boolean {
  const host = /^https:\/\/([a-z0-9.-]+)(:443)?(\/|$)/i.exec(url)?.[1]?.toLowerCase() ?? '';
  const inside = /(^|\.)(localhost|local|internal|intranet|lan|home|corp|arpa)\.?$/;
  return /\.[a-z][a-z0-9-]*\.?$/.test(host) && !inside.test(host);
}
