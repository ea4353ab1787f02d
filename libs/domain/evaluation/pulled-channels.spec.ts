import { describe, expect, it } from '@jest/globals';
import { dependencyFault } from './pulled-channels.js';

function channel(url: string) {
  return { name: 'x', url, branch: 'main' };
}

const parent = channel('https://example.org/parent.git');

describe('the address of a channel that another pulls in', () => {
  it.each([
    ['https://example.org/x.git', null, null],
    ['https://example.org:443/x.git', null, null],
    ['http://example.org/x.git', null, 'is no https'],
    ['git://example.org/x.git', null, 'is no https'],
    ['https://localhost/x.git', null, 'is no https'],
    ['https://forge/x.git', null, 'is no https'],
    ['https://forge.internal/x.git', null, 'is no https'],
    ['https://169.254.169.254/x.git', null, 'is no https'],
    ['https://[::1]/x.git', null, 'is no https'],
    ['https://2130706433/x.git', null, 'is no https'],
    ['https://0x7f.0x1/x.git', null, 'is no https'],
    ['https://example.org:8443/x.git', null, 'is no https'],
    ['https://example.org@localhost/x.git', null, 'is no https'],
    ['ssh://git@example.org/x.git', 'wants a key', 'wants a key'],
    ['file:///srv/x.git', 'lies on this machine', 'lies on this machine'],
    ['/srv/x.git', 'is no https, http', 'is no https, http'],
  ])('%s is refused for %j, and for %j where anybody writes', (url, trusted, untrusted) => {
    for (const [trust, why] of [
      ['trusted', trusted],
      ['untrusted', untrusted],
    ] as const) {
      const fault = dependencyFault(channel(url), parent, trust);
      expect(fault).toEqual(why === null ? null : expect.stringContaining(why));
    }
  });

  it('may lie on the disk of the farm when the one that names it does', () => {
    expect(dependencyFault(channel('file:///srv/x'), channel('file:///srv/y'))).toBeNull();
  });
});
