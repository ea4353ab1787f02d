import { describe, expect, it } from '@jest/globals';
import { dialectOf } from './store.js';

describe('the narinfos of a store', () => {
  it('are those of Guix in /gnu/store, and those of Nix everywhere else', () => {
    expect(dialectOf({ dir: '/gnu/store' })).toBe('guix');
    expect(dialectOf({ dir: '/nix/store' })).toBe('nix');
    expect(dialectOf({ dir: '/gambeson/store' })).toBe('nix');
  });
});
