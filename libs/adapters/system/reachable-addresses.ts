/**
 * Which addresses the farm speaks to when a specification or a channel tells it to: receivers of
 * webhooks, repositories of channels. Those of its own network are refused unless the settings name
 * them: what asks from inside a network sees more than what asks from outside.
 */
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';
import { FarmFault } from '#std/farm-fault.js';

/** IANA's special-purpose registries: everything that is not the public internet. */
const inside4 = [
  ...['0.0.0.0/8', '10.0.0.0/8', '100.64.0.0/10', '127.0.0.0/8', '169.254.0.0/16'],
  ...['172.16.0.0/12', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4'],
];
/** All but global unicast; and inside that, what tunnels to or documents something else. */
const inside6 = [
  ...['::/3', '4000::/2', '8000::/1', '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'],
];

/** Every address that a name has. */
export type LookUp = (
  host: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>;

const lookUp: LookUp = (host) => lookup(host, { all: true });

export class ReachableAddresses {
  /** Apart, since a list takes an address of IPv4 for one of IPv6, too. */
  private readonly inside = { ipv4: listOf(inside4), ipv6: listOf(inside6) };
  private readonly allowed: BlockList;

  /**
   * `allowed` are addresses and networks (CIDR), as this setting lists them; throws an Error that
   * names a wrong one.
   */
  constructor(
    allowed: readonly string[],
    private readonly setting = 'GAMBESON_PRIVATE_RECEIVERS',
    private readonly look: LookUp = lookUp,
  ) {
    this.allowed = listOf(allowed);
  }

  /** Whether nothing speaks against an address in numbers. */
  permits(address: string): boolean {
    const plain = embedded(address);
    const family = isIP(plain) === 6 ? 'ipv6' : 'ipv4';
    if (isIP(plain) === 0) return false;
    return this.allowed.check(plain, family) || !this.inside[family].check(plain, family);
  }

  /**
   * The address of a host that one may connect to: every address that the name has must be
   * permitted, since whoever owns the name chooses among them. Throws FarmFault.
   */
  async resolve(host: string): Promise<{ readonly address: string; readonly family: 4 | 6 }> {
    const found = await this.look(host.replace(/^\[|\]$/g, '')).catch((cause: unknown) => {
      throw new FarmFault('fetch-failed', `${host} has no address`, 'later', { cause });
    });
    const refused = found.find(({ address }) => !this.permits(address));
    if (refused) {
      throw new FarmFault(
        'misconfigured',
        `${host} is inside a private network (${refused.address}): ` +
          `${this.setting} allows addresses there`,
      );
    }
    const [first] = found;
    if (!first) throw new FarmFault('fetch-failed', `${host} has no address`);
    return { address: first.address, family: first.family === 6 ? 6 : 4 };
  }
}

/** An address of IPv4 in the clothes of IPv6 is one of IPv4. */
function embedded(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '').replace(/%.*$/, '');
}

function listOf(entries: readonly string[]): BlockList {
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    const bits = family === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (family === 0 || length < 0 || length > bits) {
      throw new Error(`${entry} is neither an address nor a network`);
    }
    list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }
  return list;
}
