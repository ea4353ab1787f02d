import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { sha256, toHex } from './hash.js';
import { encodeNar } from './nar.js';
import {
  archiveEnd,
  dependenciesFirst,
  ExportReader,
  itemBegin,
  itemDescription,
  itemEnd,
  type ExportedItem,
} from './store-export.js';

const pathOf = (letter: string): string => `/gnu/store/${letter.repeat(32)}-item`;
const narOf = (text: string): Uint8Array =>
  encodeNar({ type: 'regular', executable: false, contents: Buffer.from(text) });

interface Told extends ExportedItem {
  readonly nar: Uint8Array;
  readonly signature: string | null;
}

const first: Told = {
  ...{ path: pathOf('a'), references: [], deriver: null },
  ...{ nar: narOf('first'), signature: null },
};
const second: Told = {
  path: pathOf('b'),
  references: [pathOf('a'), pathOf('b')],
  deriver: `/gnu/store/${'c'.repeat(32)}-item.drv`,
  nar: narOf('x'.repeat(1001)),
  signature: '(signature)\n',
};

function archive(...items: readonly Told[]): Buffer {
  const parts = items.flatMap((item) => [
    ...[itemBegin(), item.nar, itemDescription(item), itemEnd(item.signature)],
  ]);
  return Buffer.concat([...parts, archiveEnd()]);
}

/** What a reader tells of bytes that come in pieces of so many. */
function read(bytes: Uint8Array, size = bytes.length || 1): (Told & { digest: string })[] | string {
  const reader = new ExportReader();
  const told: (Told & { digest: string })[] = [];
  let nar: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const pushed = reader.push(bytes.subarray(at, at + size));
    if (!pushed.ok) return `${pushed.error.kind} at ${pushed.error.offset}`;
    for (const event of pushed.value) {
      if (event.kind === 'nar') nar.push(event.bytes);
      if (event.kind !== 'item') continue;
      const { item, signature, digest } = event;
      told.push({ ...item, signature, digest: toHex(digest), nar: Buffer.concat(nar) });
      nar = [];
    }
  }
  const finished = reader.finish();
  return finished.ok ? told : `${finished.error.kind} at ${finished.error.offset}`;
}

describe('an archive of store items', () => {
  it('is read back, in pieces of any size', () => {
    const bytes = archive(first, second);
    for (const size of [bytes.length, 1, 3, 7, 8, 64, 1000]) {
      expect(read(bytes, size)).toMatchObject(
        [first, second].map((item) => ({ ...item, nar: Buffer.from(item.nar) })),
      );
    }
    expect(read(archive())).toEqual([]);
  });

  it('has what a signature covers hashed: from the nar to the deriver', () => {
    const covered = Buffer.concat([second.nar, itemDescription(second)]);
    expect(read(archive(second), 5)).toMatchObject([{ digest: toHex(sha256(covered)) }]);
  });

  it('has the bytes that nix-store writes', () => {
    const text = Buffer.concat([itemDescription(first), itemEnd(null)]).toString('latin1');
    expect(text.slice(0, 8)).toBe('NIXE\0\0\0\0');
    expect(text.slice(8, 16)).toBe('\x30\0\0\0\0\0\0\0');
    expect(text.length).toBe(8 + 8 + 48 + 8 + 8 + 8);
  });

  it('that is none, or was changed, is refused where the fault is', () => {
    const bytes = archive(first);
    const changed = (at: number, ...values: number[]): Buffer => {
      const copy = Buffer.from(bytes);
      copy.set(values, at);
      return copy;
    };
    const magic = 8 + first.nar.length;
    expect(read(Buffer.alloc(0))).toBe('not-an-archive at 0');
    expect(read(Buffer.from('nonsense'))).toBe('not-an-archive at 0');
    expect(read(changed(16, 0x6f))).toBe('bad-nar at 8');
    expect(read(changed(magic, 0))).toBe(`bad-magic at ${magic}`);
    expect(read(changed(magic + 16, 0x2e))).toBe(`bad-path at ${magic + 8}`);
    expect(read(changed(magic + 12, 1))).toBe(`too-long at ${magic + 8}`);
    expect(read(changed(magic + 64 + 3, 1))).toBe(`too-long at ${magic + 64}`);
    expect(read(changed(bytes.length - 16, 2))).toBe(`bad-number at ${bytes.length - 16}`);
    expect(read(changed(bytes.length - 8, 2))).toBe(`bad-number at ${bytes.length - 8}`);
    expect(read(Buffer.concat([bytes, Buffer.alloc(1)]))).toBe(`trailing-bytes at ${bytes.length}`);
    for (let size = 1; size < bytes.length; size += 1) {
      expect(read(bytes.subarray(0, size), 9)).toBe(`truncated at ${size}`);
    }
  });

  it('whose references lie in another store is refused', () => {
    const stray = { ...first, references: [`/nix/store/${'a'.repeat(32)}-item`] };
    expect(read(archive(stray))).toMatch(/^bad-path/);
  });

  it('of any bytes is read or refused', () => {
    const bytes = archive(first, second);
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.integer({ min: 1 }), (at, to, size) => {
        const copy = Buffer.from(bytes);
        copy[at] = to;
        const one = read(copy);
        expect(read(copy, size)).toEqual(one);
        expect(typeof one === 'string' || one.length === 2).toBe(true);
      }),
    );
  });
});

describe('the items of an archive', () => {
  it('come after what they refer to, each once', () => {
    const graph: Record<string, string[]> = { a: ['b', 'c', 'a'], b: ['d'], c: ['d', 'b'], d: [] };
    expect(dependenciesFirst(['a', 'c'], (name) => graph[name] ?? [])).toEqual([
      'd',
      'b',
      'c',
      'a',
    ]);
    const deep = (name: string): string[] => (name === '0' ? [] : [String(Number(name) - 1)]);
    expect(dependenciesFirst(['100000'], deep)).toHaveLength(100_001);
    expect(dependenciesFirst([], () => [])).toEqual([]);
  });

  it('come so for every graph without circles', () => {
    const edges = fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 120 });
    fc.assert(
      fc.property(edges, fc.array(fc.nat(30)), (pairs, roots) => {
        const below = (name: string): string[] =>
          pairs.filter(([from, to]) => from > to && String(from) === name).map(([, to]) => `${to}`);
        const ordered = dependenciesFirst(roots.map(String), below);
        expect(new Set(ordered).size).toBe(ordered.length);
        for (const [i, name] of ordered.entries()) {
          for (const reference of below(name)) expect(ordered.indexOf(reference)).toBeLessThan(i);
        }
        for (const root of roots) expect(ordered).toContain(String(root));
      }),
    );
  });
});
