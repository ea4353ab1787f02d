import { describe, expect, it } from '@jest/globals';
import { narKey, packKey, parseFileKey } from './file-key.js';

describe('the name of a stored file', () => {
  it('is made of its hash and its encoding', () => {
    const hash = '0'.repeat(52);
    expect(narKey(`sha256:${hash}`, 'zstd')).toBe(`${hash}.nar.zst`);
    expect(narKey(`sha256:${hash}`, 'none')).toBe(`${hash}.nar`);
    expect(packKey('f'.repeat(64))).toBe(`${'f'.repeat(64)}.pack.zst`);
    expect(() => narKey('sha256:../../etc', 'zstd')).toThrow('not the name of a stored file');
  });

  it('is nothing else', () => {
    const hash = '0'.repeat(52);
    const others = ['', '..', `../${hash}.nar`, `${hash}.nar/..`, `${hash}.nar\n`, `${hash}.ls`];
    expect(others.map(parseFileKey)).toEqual(others.map(() => null));
    expect(parseFileKey(`${hash.toUpperCase().replace(/0/g, 'A')}.nar`)).toBeNull();
  });
});
