import { describe, expect, it } from '@jest/globals';
import { parseSearch } from './search-query.js';

const nothing = { prefix: null, specification: null, system: null, status: null };

describe('a search', () => {
  it('of a release link names specification, status, system and the beginning of a name', () => {
    expect(parseSearch('spec:images status:success system:x86_64-linux image.iso')).toEqual({
      prefix: 'image.iso',
      specification: 'images',
      system: 'x86_64-linux',
      status: 'succeeded',
    });
  });

  it('leaves out what it does not know', () => {
    expect(parseSearch('owner:me status:scheduled  status:constructor hello')).toEqual({
      ...nothing,
      prefix: 'hello',
    });
  });

  it('takes the last of several words, without wildcards', () => {
    expect(parseSearch('emacs spec:a vi%m spec:b %')).toEqual({
      ...nothing,
      prefix: 'vim',
      specification: 'b',
    });
  });

  it('of nothing names nothing', () => {
    expect(parseSearch('')).toEqual(nothing);
  });
});
