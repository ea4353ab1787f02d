import { describe, expect, it } from '@jest/globals';
import { flawOf, judgeFiles, shareOf, type CheckedFile, type Flaw } from './integrity.js';
import type { Compression, NarFile } from './offered-path.js';

const missing: Flaw = { kind: 'file-missing', detail: 'there is no such file' };

function file(compression: Compression): NarFile {
  return { compression, fileHash: 'sha256:file', fileSize: 10, fileKey: compression };
}

function checked(compression: Compression, flaw: Flaw | null): CheckedFile {
  return { file: file(compression), flaw };
}

describe('what is seen of the files of a path', () => {
  it('leaves it as it is when all are whole', () => {
    expect(judgeFiles([checked('zstd', null), checked('gzip', null)]).kind).toBe('whole');
  });

  it('drops the broken ones while another holds it', () => {
    const judged = judgeFiles([checked('zstd', missing), checked('gzip', null)]);
    expect(judged).toEqual({ kind: 'dropped', broken: [{ file: file('zstd'), flaw: missing }] });
  });

  it('withdraws it when none is whole, or when there is none at all', () => {
    const both = [checked('zstd', missing), checked('gzip', missing)];
    expect(judgeFiles(both)).toMatchObject({ kind: 'withdrawn', broken: [{}, {}] });
    expect(judgeFiles([])).toEqual({ kind: 'withdrawn', broken: [] });
  });
});

describe('a file that was read to its end', () => {
  const nar = { narHash: 'sha256:nar', narSize: 100 };
  const seen = { fileHash: 'sha256:file', fileSize: 10, nar };

  it('is whole when its bytes and the nar in it are those that are told', () => {
    expect(flawOf(nar, file('zstd'), seen)).toBeNull();
    expect(flawOf(nar, file('lzip'), { ...seen, nar: null })).toBeNull();
  });

  it('is known by what differs first', () => {
    const flaws = [
      flawOf(nar, file('zstd'), { ...seen, fileSize: 9 }),
      flawOf(nar, file('zstd'), { ...seen, fileHash: 'sha256:other' }),
      flawOf(nar, file('zstd'), { ...seen, nar: { ...nar, narSize: 99 } }),
      flawOf(nar, file('zstd'), { ...seen, nar: { ...nar, narHash: 'sha256:other' } }),
    ];
    expect(flaws.map((flaw) => flaw?.kind)).toEqual([
      'file-size',
      'file-hash',
      'nar-size',
      'nar-hash',
    ]);
    expect(flaws[0]?.detail).toBe('expected 10, found 9');
  });
});

describe('a sample', () => {
  it('is a part of all paths, or about so many of them', () => {
    expect(shareOf('5%', 1000)).toBe(500);
    expect(shareOf('0.01%', 10)).toBe(1);
    expect(shareOf('100%', 10)).toBe(10_000);
    expect(shareOf('25', 1000)).toBe(250);
    expect(shareOf('5000', 1000)).toBe(10_000);
    expect(shareOf('3', 0)).toBe(10_000);
  });

  it('is nothing else', () => {
    for (const word of ['', '0', '0%', '101%', '-5%', '1.5', 'half', '5 %']) {
      expect(shareOf(word, 100)).toBeNull();
    }
  });
});
