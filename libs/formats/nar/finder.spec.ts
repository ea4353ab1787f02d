import { describe, expect, it } from '@jest/globals';
import { encodeNar, NarReader, type NarNode } from '../nar.js';
import { NarFinder } from './finder.js';

const text = (words: string): NarNode => ({
  type: 'regular',
  executable: words.startsWith('#!'),
  contents: Buffer.from(words),
});
const link = (target: string): NarNode => ({ type: 'symlink', target: Buffer.from(target) });
const folder = (entries: Record<string, NarNode>): NarNode => ({
  type: 'directory',
  entries: Object.entries(entries)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, node]) => ({ name: Buffer.from(name), node })),
});

const tree = folder({
  a: folder({ image: text('another image'), deep: folder({ image: text('deeper') }) }),
  image: folder({ image: text('not this'), a: folder({}) }),
  'image.iso': text('#!image'),
  latest: link('image.iso'),
  z: folder({ empty: text(''), é: text('accented') }),
});

function find(path: string[], node = tree, piece = 7) {
  let contents = '';
  const finder = new NarFinder(path, (bytes) => (contents += Buffer.from(bytes).toString()));
  const reader = new NarReader();
  const nar = encodeNar(node);
  for (let at = 0; at < nar.length; at += piece) {
    const read = reader.push(nar.subarray(at, at + piece));
    if (!read.ok) throw new Error(read.error.kind);
    for (const event of read.value) finder.take(event);
  }
  return { found: finder.found, contents };
}

describe('a file in a nar', () => {
  it('is found at its place, and at no other of that name', () => {
    expect(find(['image.iso'])).toEqual({
      found: { kind: 'file', executable: true, size: 7 },
      contents: '#!image',
    });
    expect(find(['a', 'image']).contents).toBe('another image');
    expect(find(['a', 'deep', 'image']).contents).toBe('deeper');
    expect(find(['image', 'image']).contents).toBe('not this');
    expect(find(['z', 'é']).contents).toBe('accented');
    expect(find(['z', 'empty'])).toEqual({
      found: { kind: 'file', executable: false, size: 0 },
      contents: '',
    });
  });

  it('may be the archive itself', () => {
    expect(find([], text('all of it'))).toMatchObject({ contents: 'all of it' });
    expect(find(['x'], text('all of it'))).toEqual({ found: { kind: 'absent' }, contents: '' });
    expect(find([], link('elsewhere')).found).toEqual({
      kind: 'link',
      consumed: 0,
      target: 'elsewhere',
    });
  });

  it('is told when it is something else, or nowhere', () => {
    expect(find(['a']).found).toEqual({ kind: 'directory' });
    expect(find([]).found).toEqual({ kind: 'directory' });
    expect(find(['latest']).found).toEqual({ kind: 'link', consumed: 1, target: 'image.iso' });
    expect(find(['latest', 'x']).found).toMatchObject({ kind: 'link', consumed: 1 });
    for (const path of [['b'], ['a', 'b'], ['deep'], ['image.iso', 'x'], ['a', 'deep', 'z']])
      expect(find(path)).toEqual({ found: { kind: 'absent' }, contents: '' });
  });
});
