import { describe, expect, it } from '@jest/globals';
import { chooseSigners } from './signers.js';

const old = { name: 'farm-1', modifiedAt: 1000 };
const fresh = { name: 'farm-2', modifiedAt: 2000 };

describe('the keys that sign', () => {
  it('are all for Nix, the newest first', () => {
    expect(chooseSigners([old, fresh], null, 'nix')).toEqual(['farm-2', 'farm-1']);
    expect(chooseSigners([], null, 'nix')).toEqual([]);
  });

  it('are one for Guix: the newest, until a primary is named', () => {
    expect(chooseSigners([old, fresh], null, 'guix')).toEqual(['farm-2']);
    expect(chooseSigners([old, fresh], 'farm-1', 'guix')).toEqual(['farm-1']);
    expect(chooseSigners([old, fresh], 'gone', 'guix')).toEqual(['farm-2']);
    expect(chooseSigners([old, fresh], 'farm-1', 'nix')).toEqual(['farm-1', 'farm-2']);
  });

  it('do not depend on the order of the directory, even when made at once', () => {
    const twin = { ...old, name: 'farm-0' };
    expect(chooseSigners([twin, old], null, 'guix')).toEqual(['farm-1']);
    expect(chooseSigners([old, twin], null, 'guix')).toEqual(['farm-1']);
  });
});
