/** Who may have the files of a channel from the farm. */
import type { Channel } from '../specification/specification.js';

/**
 * Whether anybody could have fetched it as the farm did: over the network, without showing a
 * password, a key or a credential. What lies on the farm's own disk, nobody could.
 */
export function isOpenSource({ url, credential }: Pick<Channel, 'url' | 'credential'>): boolean {
  return credential === undefined && /^(https?|git):\/\/[^/@]+(\/[^@]*)?$/i.test(url);
}
