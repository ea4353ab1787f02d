/** The text of a narinfo as a store tells it, signed. */
import type { OfferedPath } from '#domain/substitute/offered-path.js';
import { printNixNarinfo } from '#formats/narinfo.js';
import { signNix, type NixSecretKey } from '#formats/nix-signature.js';
import { contentAddressHolds } from './content-address.js';

/** The hash that is signed was recomputed here when the nar arrived; a wrong `ca` is left out. */
export function printSigned(offered: OfferedPath, key: NixSecretKey): string {
  const { dir, narHash, narSize, references, deriver, ca } = offered;
  const told = { storePath: `${dir}/${offered.path}`, narHash, narSize, references };
  return printNixNarinfo({
    ...told,
    encodings: offered.files.map((file) => ({
      url: `nar/${file.fileKey}`,
      compression: file.compression,
      fileHash: file.fileHash,
      fileSize: file.fileSize,
    })),
    signatures: [signNix(key, told), ...offered.signatures],
    ...(deriver !== null && { deriver }),
    ...(ca !== null && contentAddressHolds(dir, offered) && { ca }),
  });
}
