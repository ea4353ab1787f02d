import { describe, expect, it } from '@jest/globals';
import { parseChannelMetadata } from './channel-metadata.js';

const whole = `;; A channel
(channel
 (version 0)
 (directory "guix")
 (keyring-reference "keys")
 (url "https://example.org/mine.git")
 (dependencies
  (channel
   (name some-collection)
   (url "https://example.org/some.git")
   (branch "testing"))
  (channel
   (name "other")
   (url "https://example.org/other.git")
   (commit "${'a'.repeat(40)}")
   (introduction
    (channel-introduction
     (version 0)
     (commit "a8883b58dc82e167c96506cf05095f37c2c2c6cd")
     (signer "CABB A931 C0FF EEC6 900D  0CFB 090B 1199 3D9A EBB5"))))
  (channel (name nowhere))))`;

describe('.guix-channel', () => {
  it('names the channels that a channel needs, and the branch of its keys', () => {
    expect(parseChannelMetadata(whole)).toEqual({
      ok: true,
      value: {
        keyring: 'keys',
        dependencies: [
          { name: 'some-collection', url: 'https://example.org/some.git', branch: 'testing' },
          {
            ...{ name: 'other', url: 'https://example.org/other.git', branch: 'master' },
            commit: 'a'.repeat(40),
            introduction: {
              commit: 'a8883b58dc82e167c96506cf05095f37c2c2c6cd',
              fingerprint: 'CABBA931C0FFEEC6900D0CFB090B11993D9AEBB5',
            },
          },
        ],
      },
    });
  });

  it('may say next to nothing', () => {
    const value = { dependencies: [], keyring: 'keyring' };
    expect(parseChannelMetadata('(channel (version 0))')).toEqual({ ok: true, value });
  });

  it.each([
    ['', '1:1: write (channel (version 0) …)'],
    ['(guix)', '1:1: write (channel (version 0) …)'],
    ['(channel\n (version 1))', '2:11: the version is not supported: write (version 0)'],
    ['(channel)', '1:1: the version is not supported: write (version 0)'],
    [
      '(channel (version 0) (dependencies (repo (name x))))',
      '1:36: write (channel (name …) (url …))',
    ],
    [
      '(channel (version 0) (dependencies (channel (name "../x") (url "u"))))',
      '1:36: the name of a channel is letters, digits, dot, dash, underscore',
    ],
    [
      '(channel (version 0) (dependencies (channel (name x) (url (system "id")))))',
      '1:59: the url is a string',
    ],
    [
      '(channel (version 0) (dependencies (channel (name x) (url "u") (introduction "abc"))))',
      '1:78: write (channel-introduction (version 0) (commit "…") (signer "…"))',
    ],
    [
      '(channel (version 0) (dependencies (channel (name x) (url "u") (introduction' +
        ' (channel-introduction (version 0) (commit "abc") (signer "def"))))))',
      '1:78: the commit of an introduction is a full revision',
    ],
  ])('that says %j is told where', (text, told) => {
    expect(parseChannelMetadata(text)).toEqual({ ok: false, error: `.guix-channel:${told}` });
  });

  it('is bounded', () => {
    const many = '(channel (name x) (url "u"))'.repeat(65);
    const deep = '('.repeat(100);
    for (const text of [`(channel (version 0) (dependencies ${many}))`, deep]) {
      expect(parseChannelMetadata(text).ok).toBe(false);
    }
  });
});
