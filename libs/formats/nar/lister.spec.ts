import { describe, expect, it } from '@jest/globals';
import { encodeNar, type NarNode } from '../nar.js';
import { NarLister } from './lister.js';
import { NarReader } from './reader.js';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const file = (contents: string, executable = false): NarNode => ({
  type: 'regular',
  executable,
  contents: text(contents),
});

function listed(node: NarNode): { nar: Uint8Array; listing: Record<string, unknown> } {
  const nar = encodeNar(node);
  const lister = new NarLister();
  const reader = new NarReader();
  const read = reader.push(nar);
  if (!read.ok) throw new Error(read.error.kind);
  for (const event of read.value) lister.take(event);
  return { nar, listing: JSON.parse(lister.print()!) };
}

describe('the listing of a nar', () => {
  it('says where the contents of each file begin', () => {
    const names: [string, NarNode][] = [
      ['__proto__', file('odd')],
      [
        'bin',
        { type: 'directory', entries: [{ name: text('run'), node: file('#!/bin/sh\n', true) }] },
      ],
      ['empty', file('')],
      ['link', { type: 'symlink', target: text('bin/run') }],
      ['z', file('last')],
    ];
    const entries = names.map(([name, node]) => ({ name: text(name), node }));
    const { nar, listing } = listed({ type: 'directory', entries });
    const contents: string[] = [];
    JSON.stringify(listing, (_key, value: { narOffset?: number; size: number }) => {
      const { narOffset: at, size } = value ?? {};
      if (at !== undefined) contents.push(new TextDecoder().decode(nar.subarray(at, at + size)));
      return value;
    });
    expect(contents).toEqual(['odd', '#!/bin/sh\n', '', 'last']);
    expect(listing).toMatchObject({
      version: 1,
      root: {
        type: 'directory',
        entries: {
          bin: { entries: { run: { type: 'regular', executable: true, size: 10 } } },
          link: { type: 'symlink', target: 'bin/run' },
        },
      },
    });
  });

  it('of a single file or link has that alone', () => {
    const { nar, listing } = listed(file('hello'));
    expect(listing).toEqual({
      version: 1,
      root: { type: 'regular', size: 5, narOffset: nar.length - 8 - 16 },
    });
    expect(listed({ type: 'symlink', target: text('x') }).listing).toEqual({
      version: 1,
      root: { type: 'symlink', target: 'x' },
    });
  });
});
