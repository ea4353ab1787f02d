import { describe, expect, it } from '@jest/globals';
import { lackingEncodings, sourceFile, wantedEncodings } from './encodings.js';
import type { Compression, NarFile } from './offered-path.js';

const both = new Set(['gzip', 'lzip'] as const);

describe('the encodings of a store', () => {
  it('are those that the clients of its directory want, unless somebody says otherwise', () => {
    const guix = { id: 2, dir: '/gnu/store', encodings: null };
    const nix = { id: 1, dir: '/nix/store', encodings: null };
    expect(wantedEncodings(guix, both)).toEqual(['gzip', 'lzip']);
    expect(wantedEncodings(nix, both)).toEqual([]);
    expect(wantedEncodings({ ...nix, encodings: ['gzip'] }, both)).toEqual(['gzip']);
    expect(wantedEncodings({ ...guix, encodings: [] }, both)).toEqual([]);
  });

  it('are none whose program is missing', () => {
    const guix = { id: 2, dir: '/gnu/store', encodings: null };
    expect(wantedEncodings(guix, new Set(['gzip'] as const))).toEqual(['gzip']);
  });
});

const file = (compression: Compression): NarFile => ({
  ...{ compression, fileHash: 'sha256:x', fileSize: 1, fileKey: compression },
});

describe('what is lacking of a path', () => {
  it('is what is wanted and not there', () => {
    const lacking = (...there: Compression[]): Compression[] =>
      lackingEncodings('hash-hello-2.12', there.map(file), ['gzip', 'lzip']);
    expect(lacking('zstd')).toEqual(['gzip', 'lzip']);
    expect(lacking('zstd', 'gzip')).toEqual(['lzip']);
    expect(lacking('zstd', 'gzip', 'lzip')).toEqual([]);
    expect(lackingEncodings('hash-hello-2.12', [file('zstd')], [])).toEqual([]);
  });

  it('is the nar as it is when its contents are compressed', () => {
    for (const name of ['hello-2.12.tar.gz', 'linux-6.1.tar.xz', 'a.tgz', 'b.zip', 'c.tar.zst']) {
      expect(lackingEncodings(`hash-${name}`, [file('zstd')], ['gzip'])).toEqual(['none']);
      expect(lackingEncodings(`hash-${name}`, [file('none')], ['gzip'])).toEqual([]);
    }
    expect(lackingEncodings('hash-gzip-1.12', [file('zstd')], ['gzip'])).toEqual(['gzip']);
    expect(lackingEncodings('hash-tar.gz-tools', [file('zstd')], ['gzip'])).toEqual(['gzip']);
  });

  it('is made of the file that costs least to read', () => {
    expect(sourceFile([file('lzip'), file('gzip'), file('zstd')])?.compression).toBe('zstd');
    expect(sourceFile([file('zstd'), file('none')])?.compression).toBe('none');
    expect(sourceFile([file('lzip')])).toBeNull();
  });
});
