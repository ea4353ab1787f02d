import { describe, expect, it } from '@jest/globals';
import { readScheme } from '#formats/scheme.js';
import { printChannels } from './channels-scm.js';
import type { ChannelRevision } from './revisions.js';

const introduction = {
  commit: '9edb3f66fd807b096b48283debdcddccfea34bad',
  fingerprint: 'BBB02DDF2CEAF6A80D1DE643A2A06DF2A33A54FA',
};

const checkouts: ChannelRevision[] = [
  {
    ...{ channel: 'mine', url: 'https://me:token@example.org/"mine".git', branch: 'main' },
    revision: 'a'.repeat(40),
  },
  {
    ...{ channel: 'guix', url: 'https://git.guix.gnu.org/guix.git', branch: 'master' },
    ...{ revision: 'b'.repeat(40), introduction },
  },
  {
    ...{ channel: 'deep', url: 'https://example.org/deep.git', branch: 'main' },
    ...{ revision: 'c'.repeat(40), via: 'mine' },
  },
  {
    ...{ channel: 'deeper', url: 'https://example.org/deeper.git', branch: 'main' },
    ...{ revision: 'd'.repeat(40), via: 'deep' },
  },
];

describe('channels.scm', () => {
  it('holds exact commits and introductions, and no password', () => {
    const printed = printChannels(checkouts.slice(0, 2));
    expect(printed).toBe(`(list (channel
        (name 'guix)
        (url "https://git.guix.gnu.org/guix.git")
        (branch "master")
        (commit "${'b'.repeat(40)}")
        (introduction
          (make-channel-introduction
            "9edb3f66fd807b096b48283debdcddccfea34bad"
            (openpgp-fingerprint
              "BBB0 2DDF 2CEA F6A8 0D1D  E643 A2A0 6DF2 A33A 54FA"))))
      (channel
        (name 'mine)
        (url "https://example.org/\\"mine\\".git")
        (branch "main")
        (commit "${'a'.repeat(40)}")))
`);
    expect(readScheme(printed).faults).toEqual([]);
  });

  it('names what a channel pulls in before that channel, so that no newer one is fetched', () => {
    const names = [...printChannels(checkouts).matchAll(/\(name '(\w+)\)/g)].map(([, n]) => n);
    expect(names).toEqual(['guix', 'deeper', 'deep', 'mine']);
  });
});
