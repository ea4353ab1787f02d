import { describe, expect, it } from '@jest/globals';
import { sha256, formatHash } from '#formats/hash.js';
import { fixedOutputPath, sourcePath, textPath } from '#formats/store-path.js';
import { contentAddressHolds } from './content-address.js';

const dir = '/nix/store';
const contents = new TextEncoder().encode('written by hand');
const digest = sha256(contents);
const hash = { algorithm: 'sha256' as const, digest };
const reference = `${'a'.repeat(32)}-other`;
const base = (path: string): string => path.slice(dir.length + 1);
const holds = (path: string, ca: string | null, references: string[] = []): boolean =>
  contentAddressHolds(dir, { path: base(path), ca, references });

describe('a content address', () => {
  it('holds when it gives the path', () => {
    const text = textPath({ dir, name: 'notes', contents, references: [`${dir}/${reference}`] });
    const source = sourcePath({ dir, name: 'src', narDigest: digest });
    const flat = fixedOutputPath({ dir, name: 'file', hash, recursive: false });
    expect(holds(text, `text:${formatHash(hash)}`, [reference])).toBe(true);
    expect(holds(source, `fixed:r:${formatHash(hash)}`)).toBe(true);
    expect(holds(flat, `fixed:${formatHash(hash)}`)).toBe(true);
    expect(holds(source, null)).toBe(true);
  });

  it('does not hold for other references, another method or another text', () => {
    const text = textPath({ dir, name: 'notes', contents, references: [] });
    const ca = `text:${formatHash(hash)}`;
    expect(holds(text, ca)).toBe(true);
    expect(holds(text, ca, [reference])).toBe(false);
    expect(holds(text, `fixed:r:${formatHash(hash)}`)).toBe(false);
    expect(holds(text, `text:${formatHash({ ...hash, digest: sha256(digest) })}`)).toBe(false);
    for (const bad of ['', 'text', `${ca}\nSig: x`, `x${ca}`, 'text:r:sha256:zz']) {
      expect(holds(text, bad)).toBe(false);
    }
  });
});
