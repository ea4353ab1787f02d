/** Where the paths of a chroot store lie on disk. */
import { placeOf as placeIn } from '../sandbox/store-files.js';
import { nixStoreDir } from './nix-program.js';

/** Throws when it is no store path, or one within an item. */
export function placeOf(storeRoot: string, path: string): string {
  return placeIn({ root: storeRoot, dir: nixStoreDir }, path);
}
