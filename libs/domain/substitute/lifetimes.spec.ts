import { describe, expect, it } from '@jest/globals';
import { cacheControl } from './lifetimes.js';

const lifetimes = { narinfo: 86_400, miss: 60 };
const store = { ttlSeconds: 7_776_000, private: false };

describe('the lifetime of an answer', () => {
  it('is that of the policy, and that of the promise for what never changes', () => {
    expect(cacheControl('narinfo', store, lifetimes)).toBe('public, max-age=86400');
    expect(cacheControl('miss', store, lifetimes)).toBe('public, max-age=60');
    expect(cacheControl('nar', store, lifetimes)).toBe('public, max-age=7776000, immutable');
  });

  it('never outlives what the store promises', () => {
    const brief = { ...store, ttlSeconds: 30 };
    const all = (['narinfo', 'miss', 'nar'] as const).map((kept) =>
      cacheControl(kept, brief, lifetimes),
    );
    expect(all.map((value) => /max-age=([0-9]+)/.exec(value)![1])).toEqual(['30', '30', '30']);
  });

  it('of a private store is nobody else’s, and none where there is no time', () => {
    expect(cacheControl('narinfo', { ...store, private: true }, lifetimes)).toBe(
      'private, max-age=86400',
    );
    expect(cacheControl('miss', store, { ...lifetimes, miss: 0 })).toBe('no-cache');
  });
});
