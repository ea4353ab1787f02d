import { describe, expect, it } from '@jest/globals';
import { allows, takesPushes, type TokenScope } from './token-scope.js';

const writer: TokenScope = { store: 'team', specification: null, access: 'write' };
const reader: TokenScope = { ...writer, access: 'read' };

describe('an access token', () => {
  it('is good for its own store alone', () => {
    expect(allows(writer, { access: 'write', store: 'team' })).toBe(true);
    expect(allows(writer, { access: 'write', store: 'other' })).toBe(false);
    expect(allows(writer, { access: 'read', store: 'other' })).toBe(false);
  });

  it('that may write may read, and not the other way round', () => {
    expect(allows(writer, { access: 'read', store: 'team' })).toBe(true);
    expect(allows(reader, { access: 'read', store: 'team' })).toBe(true);
    expect(allows(reader, { access: 'write', store: 'team' })).toBe(false);
  });

  it('of a specification opens no store, and of a store no specification', () => {
    const other: TokenScope = { store: null, specification: 'team', access: 'write' };
    expect(allows(other, { access: 'read', store: 'team' })).toBe(false);
    expect(allows(other, { access: 'write', specification: 'team' })).toBe(true);
    expect(allows(writer, { access: 'read', specification: 'team' })).toBe(false);
  });

  it('never writes where the farm keeps what it built', () => {
    expect(takesPushes('pushed')).toBe(true);
    expect(takesPushes('farm')).toBe(false);
    expect(takesPushes('untrusted')).toBe(false);
  });
});
