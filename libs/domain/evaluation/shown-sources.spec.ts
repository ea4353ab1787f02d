import { describe, expect, it } from '@jest/globals';
import { isOpenSource } from './shown-sources.js';

describe('the files of a channel', () => {
  it.each([
    ['https://example.org/a.git', true],
    ['git://example.org/a.git', true],
    ['https://example.org', true],
    ['https://me@example.org/a.git', false],
    ['https://me:pass@example.org/a.git', false],
    ['https://me:p/ss@example.org/a.git', false],
    ['ssh://git@example.org/a.git', false],
    ['ssh://example.org/a.git', false],
    ['file:///srv/a.git', false],
  ])('at %s are open to all: %s', (url, open) => {
    expect(isOpenSource({ url })).toBe(open);
    expect(isOpenSource({ url, credential: 'x' })).toBe(false);
  });
});
