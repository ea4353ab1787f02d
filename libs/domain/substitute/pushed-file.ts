/**
 * Nars as clients outside the farm push them: `nar/HASH.nar[.EXTENSION]`, where HASH is the
 * nix-base32 SHA-256 of the file as it travels. Nix writes `.xz`, `.bz2`, `.zst`, `.br`, `.lzip`;
 * gzip and no compression have no extension, so that the bytes themselves tell how they are packed.
 */
import { isNix32 } from '#formats/base32.js';

export interface PushedFile {
  /** As it stands in the address. */
  readonly name: string;
  /** Of the file as it travels: `sha256:<nix32>`. */
  readonly fileHash: string;
}

export type PushedPacking = 'none' | 'zstd' | 'gzip' | 'xz' | 'brotli' | 'lzip' | 'bzip2';

/** Null for anything but such a name. */
export function parsePushedFile(name: string): PushedFile | null {
  const match = /^([0-9a-z]{52})\.nar(\.(zst|gz|xz|br|bz2|lz|lzip))?$/.exec(name);
  const hash = match?.[1];
  return hash !== undefined && isNix32(hash) ? { name, fileHash: `sha256:${hash}` } : null;
}

const signatures: readonly (readonly [PushedPacking, readonly number[]])[] = [
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['bzip2', [0x42, 0x5a, 0x68]],
  ['lzip', [0x4c, 0x5a, 0x49, 0x50]],
  // The length of the word that every nar begins with.
  ['none', [0x0d, 0, 0, 0, 0, 0, 0, 0]],
];

/** How many of the first bytes tell. */
export const tellingBytes = 8;

/** Brotli has no mark of its own, so that the name must say it. Null: none of these. */
export function packingOf(name: string, first: Uint8Array): PushedPacking | null {
  const found = signatures.find(([, mark]) => mark.every((byte, at) => first[at] === byte));
  if (found) return found[0];
  return name.endsWith('.br') ? 'brotli' : null;
}
