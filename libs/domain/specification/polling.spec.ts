import { describe, expect, it } from '@jest/globals';
import { checkChannel, isBranch, isChannelUrl, withoutCredentials } from './channel-grammar.js';
import { changed, due } from './polling.js';

const now = new Date('2026-11-20T12:00:00Z');
const inSeconds = (seconds: number) => ({
  nextPollAt: new Date(now.getTime() + seconds * 1000),
  now,
  periodSeconds: 300,
});

describe('a poll', () => {
  it('is due when its time has come, or nearly: timers and polls count apart', () => {
    expect(due('poll', inSeconds(-1))).toBe(true);
    expect(due('poll', inSeconds(2))).toBe(true);
    expect(due('poll', inSeconds(290))).toBe(false);
  });

  it('is always due for a hook, an edit or a retry', () => {
    for (const trigger of ['hook', 'edit', 'retry'] as const) {
      expect(due(trigger, inSeconds(290))).toBe(true);
    }
  });

  it('makes an evaluation unless the last one has read just that', () => {
    const last = { version: 2, digest: 'b', lastTry: 1 };
    expect(changed(null, { version: 1, digest: 'a' })).toBe(true);
    expect(changed(last, { version: 2, digest: 'b' })).toBe(false);
    expect(changed(last, { version: 3, digest: 'b' })).toBe(true);
    expect(changed(last, { version: 2, digest: 'a' })).toBe(true);
  });
});

describe('the grammar of a channel', () => {
  it.each(['https://example.org/a.git', 'ssh://git@example.org/a', 'file:///srv/channel'])(
    'takes %s',
    (url) => expect(isChannelUrl(url)).toBe(true),
  );

  it.each(['ext::sh', '-x', 'https://-x', 'git@host:a', '/srv/a', 'https://a b', 'https://a\nb'])(
    'refuses %j as an address',
    (url) => expect(isChannelUrl(url)).toBe(false),
  );

  it.each(['-x', 'a..b', 'a b', 'a:b', 'a^', 'a/', '/a', 'a.lock', '.a', 'a/.b', '@', 'a@{1}', ''])(
    'refuses %j as a branch',
    (branch) => expect(isBranch(branch)).toBe(false),
  );

  it('tells what is wrong without telling what it was', () => {
    const refused = checkChannel({ name: 'x', url: 'ext::secret', branch: 'main' });
    expect(refused.ok).toBe(false);
    expect(JSON.stringify(refused)).not.toContain('secret');
  });

  it('takes passwords out of a text, also odd ones', () => {
    expect(withoutCredentials("fatal: 'https://me:p@ss:w@example.org/x' and git://u@h/y")).toBe(
      "fatal: 'https://example.org/x' and git://h/y",
    );
  });
});
