/** The text of a narinfo as a store tells it, signed, in the dialect of its clients. */
import type { NarFile, OfferedPath } from '#domain/substitute/offered-path.js';
import { dialectOf, type Dialect } from '#domain/substitute/store.js';
import { printGuixNarinfo, printNixNarinfo } from '#formats/narinfo.js';
import { contentAddressHolds } from './content-address.js';
import type { KeyRing, SigningStore } from './keys/key-ring.js';

/** Guix names a nar by its path; a client of Nix takes any name, and proxies like the hash. */
function addressOf({ fileKey, compression }: NarFile, path: string, dialect: Dialect): string {
  if (dialect === 'nix') return `nar/${fileKey}`;
  return compression === 'none' ? `nar/${path}` : `nar/${compression}/${path}`;
}

/** The hash that is signed was recomputed here when the nar arrived; a wrong `ca` is left out. */
export function printSigned(offered: OfferedPath, store: SigningStore, ring: KeyRing): string {
  const { dir, narHash, narSize, references, deriver, ca } = offered;
  const told = {
    ...{ storePath: `${dir}/${offered.path}`, narHash, narSize, references },
    ...(deriver !== null && { deriver }),
  };
  const encodings = offered.files.map((file) => ({
    url: addressOf(file, offered.path, dialectOf(store)),
    compression: file.compression,
    fileHash: file.fileHash,
    fileSize: file.fileSize,
  }));
  const { signatures, ...more } = ring.sign(store, told);
  const signed = { ...told, ...more, encodings };
  if (dialectOf(store) === 'guix') {
    return printGuixNarinfo({ ...signed, signatures }, { urls: 'after-signature' });
  }
  return printNixNarinfo({
    ...signed,
    signatures: [...signatures, ...offered.signatures],
    ...(ca !== null && contentAddressHolds(dir, offered) && { ca }),
  });
}
