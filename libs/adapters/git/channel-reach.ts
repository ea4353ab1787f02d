/**
 * Keeps git from the farm's own network: the host of a channel is looked up here, once, judged, and
 * git is held to the address that was judged, whatever the name means a moment later. A redirection
 * would lead around that, so none is followed.
 */
import { isIP } from 'node:net';
import { FarmFault } from '#std/farm-fault.js';
import { withoutCredentials } from '#domain/specification/channel-grammar.js';
import type { ReachableAddresses } from '#adapters/system/reachable-addresses.js';
import type { Environment } from './channel-access.js';

const ports: Readonly<Record<string, string>> = { http: '80', https: '443' };
/** What every reader of addresses reads alike: a backslash, for one, ends a host for some. */
const plainAddress =
  /^([a-z]+):\/\/(?:[^@/?#\\\s]*@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?(?:[/?#]|$)/;

export class ChannelReach {
  constructor(private readonly addresses: ReachableAddresses) {}

  /** What git is told; throws FarmFault where it may not go. */
  async environmentOf(url: string): Promise<Environment> {
    if (url.startsWith('file://')) return {};
    const [, scheme = '', host = '', port] = plainAddress.exec(url) ?? [];
    if (host === '') {
      const shown = withoutCredentials(url);
      throw new FarmFault('misconfigured', `${shown} can be read in more than one way`, 'never');
    }
    const { address } = await this.addresses.resolve(host);
    const usual = ports[scheme];
    // By ssh the host proves with its key who it is; the name is judged, and looked up again.
    if (usual === undefined) return {};
    const settings: [string, string][] = [['http.followRedirects', 'false']];
    if (isIP(host.replace(/^\[|\]$/g, '')) === 0) {
      const shown = isIP(address) === 6 ? `[${address}]` : address;
      settings.push(['http.curloptResolve', `${host}:${port ?? usual}:${shown}`]);
    }
    return configured(settings);
  }
}

/** As git reads its configuration from variables. */
function configured(settings: readonly (readonly [string, string])[]): Environment {
  const entries = settings.flatMap(([key, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(entries) };
}
