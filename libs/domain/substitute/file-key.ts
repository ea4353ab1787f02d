/**
 * The names under which bytes lie in the nar store. They are made here from hashes alone, and what
 * comes from an address is read here before it may touch a file system.
 */
import type { Brand } from '#std/brand.js';
import { invariant } from '#std/invariant.js';
import type { Compression } from './offered-path.js';

export type FileKey = Brand<string, 'FileKey'>;

/** How each encoding's file name ends. */
export const narSuffix: Readonly<Record<Compression, string>> = {
  zstd: '.nar.zst',
  none: '.nar',
  gzip: '.nar.gz',
  lzip: '.nar.lz',
};

const grammar = /^(?:[0-9a-z]{52}\.(?:nar(?:\.zst|\.gz|\.lz)?|product)|[0-9a-f]{64}\.pack\.zst)$/;

/** Null for anything but the name of a nar, a build product or a derivation pack. */
export function parseFileKey(text: string): FileKey | null {
  return grammar.test(text) ? (text as FileKey) : null;
}

/** `fileHash` is `sha256:<nix32>` of the file itself, so that equal files have one name. */
export function narKey(fileHash: string, compression: Compression): FileKey {
  return made(`${fileHash.replace(/^sha256:/, '')}${narSuffix[compression]}`);
}

/** `fileHash` is `sha256:<nix32>` of the file. */
export function productKey(fileHash: string): FileKey {
  return made(`${fileHash.replace(/^sha256:/, '')}.product`);
}

/** `packHash` is the hexadecimal sha-256 of the pack before its compression. */
export function packKey(packHash: string): FileKey {
  return made(`${packHash}.pack.zst`);
}

function made(text: string): FileKey {
  const key = parseFileKey(text);
  invariant(key, `${text} is not the name of a stored file`);
  return key;
}
