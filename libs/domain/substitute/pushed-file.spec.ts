import { describe, expect, it } from '@jest/globals';
import { packingOf, parsePushedFile } from './pushed-file.js';

const hash = '0'.repeat(52);

describe('the name of a pushed nar', () => {
  it('is a hash and how it is packed', () => {
    const fileHash = `sha256:${hash}`;
    for (const end of ['', '.xz', '.zst', '.gz', '.br', '.bz2', '.lzip']) {
      const name = `${hash}.nar${end}`;
      expect(parsePushedFile(name)).toEqual({ name, fileHash });
    }
  });

  it('is nothing else', () => {
    const wrong = [`${hash}.nar.exe`, `../${hash}.nar`, `${'e'.repeat(52)}.nar`, `${hash}.nar.`];
    for (const name of [...wrong, `${hash}.narinfo`, `${hash.slice(1)}.nar`, '']) {
      expect([name, parsePushedFile(name)]).toEqual([name, null]);
    }
  });
});

describe('how a pushed nar is packed', () => {
  it('is told by its first bytes, since gzip has no extension', () => {
    const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);
    expect(packingOf('x.nar', bytes(0x1f, 0x8b, 8))).toBe('gzip');
    expect(packingOf('x.nar.br', bytes(0x28, 0xb5, 0x2f, 0xfd))).toBe('zstd');
    expect(packingOf('x.nar', bytes(13, 0, 0, 0, 0, 0, 0, 0))).toBe('none');
    expect(packingOf('x.nar.xz', bytes(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0))).toBe('xz');
  });

  it('is the name’s word only where bytes have no mark', () => {
    expect(packingOf('x.nar.br', Uint8Array.of(1, 2, 3))).toBe('brotli');
    expect(packingOf('x.nar.xz', Uint8Array.of(1, 2, 3))).toBeNull();
    expect(packingOf('x.nar', new Uint8Array())).toBeNull();
  });
});
