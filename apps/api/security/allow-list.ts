/** Addresses and networks (CIDR) that may do without a token. */
import { BlockList, isIP } from 'node:net';

export class AllowList {
  private readonly list = new BlockList();

  /** Throws an Error that names the entry that is neither an address nor a network. */
  constructor(
    entries: readonly string[],
    private readonly setting = 'GAMBESON_HOOK_ALLOW',
  ) {
    for (const entry of entries) this.add(entry);
  }

  includes(address: string): boolean {
    const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
    const family = isIP(plain);
    return family !== 0 && this.list.check(plain, family === 4 ? 'ipv4' : 'ipv6');
  }

  private add(entry: string): void {
    const [address = '', prefix] = entry.split('/');
    const family = isIP(address);
    const bits = family === 4 ? 32 : 128;
    const length = prefix === undefined ? bits : /^\d{1,3}$/.test(prefix) ? Number(prefix) : -1;
    if (family === 0 || length < 0 || length > bits) {
      throw new Error(`${this.setting}: ${entry} is neither an address nor a network`);
    }
    this.list.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6');
  }
}
