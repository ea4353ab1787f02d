import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  compareNames,
  decodeNar,
  encodeNar,
  NarReader,
  NarWriter,
  type NarError,
  type NarEvent,
  type NarNode,
} from './nar.js';

const folder = new URL('../../test/fixtures/formats/guix/nar/', import.meta.url);
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const anyName = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((name) => name.map((byte) => (byte === 0 || byte === 0x2f ? 1 : byte)))
  .filter((name) => !/^\.\.?$/.test(Buffer.from(name).toString('latin1')));
const { node: anyNode } = fc.letrec<{ node: NarNode }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.record({
      type: fc.constant('regular' as const),
      executable: fc.boolean(),
      contents: fc.uint8Array({ maxLength: 40 }),
    }),
    fc.record({ type: fc.constant('symlink' as const), target: anyName }),
    fc
      .uniqueArray(fc.record({ name: anyName, node: tie('node') }), {
        maxLength: 5,
        selector: (entry) => Buffer.from(entry.name).toString('hex'),
      })
      .map((entries) => ({
        type: 'directory' as const,
        entries: [...entries].sort((a, b) => compareNames(a.name, b.name)),
      })),
  ),
}));

/** All events of an archive pushed in pieces of `size`, with contents joined, or the refusal. */
function eventsOf(archive: Uint8Array, size: number): NarEvent[] | NarError {
  const reader = new NarReader();
  const events: NarEvent[] = [];
  for (let at = 0; at < archive.length; at += size) {
    const pushed = reader.push(archive.subarray(at, at + size));
    if (!pushed.ok) return pushed.error;
    for (const event of pushed.value) {
      const last = events.at(-1);
      if (event.kind === 'contents' && last?.kind === 'contents') {
        events[events.length - 1] = { ...last, bytes: Buffer.concat([last.bytes, event.bytes]) };
      } else {
        events.push(
          event.kind === 'contents' ? { ...event, bytes: Buffer.from(event.bytes) } : event,
        );
      }
    }
  }
  const finished = reader.finish();
  return finished.ok ? events : finished.error;
}

function refusal(...parts: readonly Uint8Array[]): string {
  const decoded = decodeNar(Buffer.concat(parts));
  return decoded.ok ? 'accepted' : decoded.error.kind;
}

const rawString = (contents: Uint8Array): Uint8Array => {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(contents.length));
  return Buffer.concat([length, contents, Buffer.alloc((8 - (contents.length % 8)) % 8)]);
};
const strings = (...texts: readonly string[]): Uint8Array =>
  Buffer.concat(texts.map((text) => rawString(bytes(text))));
const file: NarNode = { type: 'regular', executable: false, contents: bytes('hello') };
const fileNode = encodeNar(file).subarray(NarWriter.archiveBegin().length);

describe('nars', () => {
  it('of guix publish read and write back byte for byte', () => {
    const names = readdirSync(folder);
    expect(names.length).toBe(12);
    for (const name of names) {
      const stored = readFileSync(new URL(name, folder));
      const archive = name.startsWith('gzip') ? gunzipSync(stored) : zstdDecompressSync(stored);
      const tree = decodeNar(archive);
      if (!tree.ok) throw new Error(`${name}: ${tree.error.kind}`);
      expect(Buffer.compare(encodeNar(tree.value), archive)).toBe(0);
    }
  });

  it('of any tree give the tree back', () => {
    fc.assert(
      fc.property(anyNode, (node) => {
        expect(decodeNar(encodeNar(node))).toEqual({ ok: true, value: node });
      }),
    );
  });

  it('give the same events however they are cut into pieces', () => {
    fc.assert(
      fc.property(anyNode, fc.integer({ min: 1, max: 40 }), (node, size) => {
        const archive = encodeNar(node);
        expect(eventsOf(archive, size)).toEqual(eventsOf(archive, archive.length));
      }),
    );
  });

  it('pass contents through as views, uncopied', () => {
    const archive = encodeNar({
      type: 'regular',
      executable: true,
      contents: bytes('x'.repeat(99)),
    });
    const pushed = new NarReader().push(archive);
    const contents = pushed.ok && pushed.value.find((event) => event.kind === 'contents');
    expect(contents && contents.bytes.buffer).toBe(archive.buffer);
  });

  it('are refused when cut short anywhere', () => {
    const entry = (name: string, node: NarNode): { name: Uint8Array; node: NarNode } => ({
      name: bytes(name),
      node,
    });
    const link: NarNode = { type: 'symlink', target: bytes('a') };
    const archive = encodeNar({ type: 'directory', entries: [entry('a', file), entry('b', link)] });
    for (let length = 0; length < archive.length; length++) {
      for (const size of [length + 1, 3]) {
        expect(eventsOf(archive.subarray(0, length), size)).toEqual({
          kind: 'truncated',
          offset: length,
        });
      }
    }
  });

  it('are refused or write back the same, whichever byte changes', () => {
    fc.assert(
      fc.property(anyNode, fc.nat(), fc.nat({ max: 255 }), (node, place, byte) => {
        const archive = encodeNar(node);
        archive[place % archive.length] = byte;
        const decoded = decodeNar(archive);
        if (decoded.ok) expect(encodeNar(decoded.value)).toEqual(archive);
        else expect(decoded.error.offset).toBeLessThanOrEqual(archive.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('keep a directory of any names in the order of their bytes', () => {
    const names = ['Z', 'a', 'a-b', 'a.b', 'ab', 'é', '\u{ffff}', '\u{10000}'].map(bytes);
    const entries = names.map((name) => ({ name, node: file }));
    const decoded = decodeNar(encodeNar({ type: 'directory', entries: entries.toReversed() }));
    expect(decoded).toEqual({ ok: true, value: { type: 'directory', entries } });
  });
});

describe('a nar that the tools would not write', () => {
  const magic = NarWriter.archiveBegin();
  const directory = (...parts: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat([magic, NarWriter.directoryBegin(), ...parts, NarWriter.directoryEnd()]);
  const entry = (name: Uint8Array): Uint8Array =>
    Buffer.concat([
      strings('entry', '(', 'name'),
      rawString(name),
      strings('node'),
      fileNode,
      NarWriter.entryEnd(),
    ]);

  it('is refused for names that lead elsewhere', () => {
    expect(refusal(directory(entry(bytes('fine'))))).toBe('accepted');
    for (const name of ['', '.', '..', '/', 'a/b', '../x', 'a\0b']) {
      expect([name, refusal(directory(entry(bytes(name))))]).toEqual([name, 'bad-name']);
    }
    expect(refusal(directory(entry(bytes('x'.repeat(255)))))).toBe('accepted');
    expect(refusal(directory(entry(bytes('x'.repeat(256)))))).toBe('string-too-long');
  });

  it('is refused for names twice or out of order', () => {
    expect(refusal(directory(entry(bytes('a')), entry(bytes('b'))))).toBe('accepted');
    expect(refusal(directory(entry(bytes('b')), entry(bytes('a'))))).toBe('unordered-names');
    expect(refusal(directory(entry(bytes('a')), entry(bytes('a'))))).toBe('unordered-names');
  });

  it('is refused for padding that is not zero, in strings and contents', () => {
    for (const text of ['type', 'hello']) {
      const archive = encodeNar(file);
      archive[Buffer.from(archive).indexOf(text) + text.length] = 1;
      for (const size of [archive.length, 1]) {
        expect(eventsOf(archive, size)).toMatchObject({ kind: 'bad-padding' });
      }
    }
  });

  it('is refused for bytes after its end, in the same piece or a later one', () => {
    expect(refusal(encodeNar(file), Uint8Array.of(0))).toBe('trailing-bytes');
    const reader = new NarReader();
    expect(reader.push(encodeNar(file))).toMatchObject({ ok: true });
    expect(reader.push(new Uint8Array())).toEqual({ ok: true, value: [] });
    expect(reader.push(Uint8Array.of(0))).toMatchObject({ error: { kind: 'trailing-bytes' } });
    expect(reader.finish()).toMatchObject({ error: { kind: 'trailing-bytes' } });
  });

  it('is refused for tokens out of place', () => {
    expect(refusal(strings('nix-archive-2'))).toBe('unexpected-string');
    expect(refusal(magic, strings('(', 'type', 'socket'))).toBe('unexpected-string');
    expect(refusal(magic, strings('(', 'type', 'regular', ')'))).toBe('unexpected-string');
    expect(refusal(magic, strings('(', 'type', 'regular', 'executable', 'yes'))).toBe(
      'unexpected-string',
    );
    expect(refusal(magic, strings('(', 'type', 'toString'))).toBe('unexpected-string');
    expect(refusal(magic, strings('(', 'type', 'symlink', 'target', ''))).toBe('bad-target');
    expect(refusal(magic, strings('(', 'type', 'symlink', 'target', 'x'.repeat(4096)))).toBe(
      'string-too-long',
    );
  });

  it('is refused for lengths that no file has, before anything is held', () => {
    const length = Uint8Array.from([0, 0, 0, 0, 0, 0, 32, 0]);
    const head = strings('(', 'type', 'regular', 'contents');
    expect(refusal(magic, head, length)).toBe('string-too-long');
    expect(refusal(magic, new Uint8Array(8).fill(255))).toBe('string-too-long');
    expect(refusal(new Uint8Array(8).fill(255))).toBe('string-too-long');
  });

  it('is refused when its directories nest too deep', () => {
    const nested = (depth: number): Uint8Array => {
      const begin = [NarWriter.directoryBegin(), NarWriter.entryBegin(bytes('d'))];
      const down = Array.from({ length: depth }, () => begin).flat();
      const end = [NarWriter.entryEnd(), NarWriter.directoryEnd()];
      const up = Array.from({ length: depth }, () => end).flat();
      return Buffer.concat([magic, ...down, fileNode, ...up]);
    };
    const kind = (depth: number): string => {
      const pushed = new NarReader({ depth: 10 }).push(nested(depth));
      return pushed.ok ? 'accepted' : pushed.error.kind;
    };
    expect([kind(10), kind(11)]).toEqual(['accepted', 'too-deep']);
    expect(eventsOf(nested(2048), 1 << 20)).toHaveLength(2048 * 3 + 3);
    expect(eventsOf(nested(2049), 1 << 20)).toMatchObject({ kind: 'too-deep' });
  });

  it('never crashes the reader, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.integer({ min: 1, max: 9 }),
        (any, size) => {
          expect(eventsOf(any, size)).toHaveProperty('kind');
          const inside = Buffer.concat([magic, NarWriter.directoryBegin(), any]);
          expect(eventsOf(inside, size)).toHaveProperty('kind');
        },
      ),
    );
  });

  it('is not written: a bad name or target is a broken invariant', () => {
    expect(() => NarWriter.entryBegin(bytes('a/b'))).toThrow();
    expect(() => NarWriter.symlink(bytes(''))).toThrow();
    expect(() => NarWriter.regularBegin({ executable: false, size: -1 })).toThrow();
  });
});
