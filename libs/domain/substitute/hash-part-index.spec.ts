import { describe, expect, it } from '@jest/globals';
import { encodeNix32 } from '#formats/base32.js';
import { HashPartIndex, PlaceKey } from './hash-part-index.js';

const key = new PlaceKey();
const keyOf = (store: number, hashPart: string): Uint32Array => {
  if (!key.read(store, hashPart)) throw new Error(`${hashPart} is no hash part`);
  return key.words;
};
const hashPart = (number: number): string => String(number).padStart(32, '0');
const entry = (location: number) => ({ location, length: 7, digest: 0xffffffff, marks: 5 });

describe('the index of hash parts', () => {
  it('finds each of many entries after it has grown, and no other', () => {
    const index = new HashPartIndex();
    const many = 100_000;
    for (let i = 0; i < many; i++) index.put(keyOf(i % 3, hashPart(i)), entry(i + 1));
    expect(index.size).toBe(many);
    for (let i = 0; i < many; i++) {
      const handle = index.find(keyOf(i % 3, hashPart(i)));
      if (index.location(handle) !== i + 1) throw new Error(`${i} is lost`);
      if (index.find(keyOf((i + 1) % 3, hashPart(i))) !== -1) throw new Error(`${i} is elsewhere`);
    }
    expect(index.find(keyOf(0, hashPart(many)))).toBe(-1);
  });

  it('holds what was written, and the last word of it', () => {
    const index = new HashPartIndex();
    index.put(keyOf(1, hashPart(1)), entry(9));
    const handle = index.put(keyOf(1, hashPart(1)), { ...entry(4_000_000_000), marks: 0 });
    expect(index.size).toBe(1);
    index.mark(handle, 77);
    const read = [index.location(handle), index.length(handle), index.digest(handle)];
    expect([...read, index.marks(handle)]).toEqual([4_000_000_000, 7, 0xffffffff, 77]);
  });

  it('forgets one path, or all of a store', () => {
    const index = new HashPartIndex();
    for (const store of [1, 2]) {
      for (let i = 0; i < 1000; i++) index.put(keyOf(store, hashPart(i)), entry(1));
    }
    index.forget(keyOf(1, hashPart(5)));
    expect(index.location(index.find(keyOf(1, hashPart(5))))).toBe(0);
    expect(index.location(index.find(keyOf(1, hashPart(6))))).toBe(1);
    index.forgetStore(1);
    expect(index.location(index.find(keyOf(1, hashPart(6))))).toBe(0);
    expect(index.location(index.find(keyOf(2, hashPart(5))))).toBe(1);
  });

  it('tells hash parts apart in every character, and from what is none', () => {
    const base = encodeNix32(new Uint8Array(20).fill(0x5a));
    const keys = new Set<string>();
    for (let i = 0; i < 32; i++) {
      const changed = `${base.slice(0, i)}${base[i] === '0' ? '1' : '0'}${base.slice(i + 1)}`;
      keys.add(keyOf(1, changed).join());
    }
    expect(keys.size).toBe(32);
    expect(key.read(1, `/nix/${base}.narinfo`, 5)).toBe(true);
    expect(key.words.slice()).toEqual(keyOf(1, base));
    for (const wrong of ['e'.repeat(32), base.slice(1), `${base.slice(1)}Ā`, `${base.slice(1)}İ`]) {
      expect(key.read(1, wrong)).toBe(false);
    }
  });
});
