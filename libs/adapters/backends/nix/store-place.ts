/** Where the paths of a chroot store lie on disk. */
import { join } from 'node:path';
import { FarmFault } from '#std/farm-fault.js';
import { parseStorePath } from '#formats/store-path.js';
import { nixStoreDir } from './nix-program.js';

/** Throws when it is no store path, or one within an item. */
export function placeOf(storeRoot: string, path: string): string {
  const parsed = parseStorePath(nixStoreDir, path);
  if (parsed.ok) return join(storeRoot, path);
  throw new FarmFault(
    'corrupt-data',
    `not a path of ${nixStoreDir}: ${path.slice(0, 300)}`,
    'never',
  );
}
