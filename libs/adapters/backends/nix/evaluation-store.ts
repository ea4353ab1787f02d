/** The directories of the evaluator's own store: what foreign code may write, and no more. */
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRoot, type SandboxUser } from '../sandbox/bubblewrap.js';

/**
 * Makes the directories of a store. The evaluator's user owns what lies in the store and beside it,
 * not the directories above, so that it cannot put a link in the store's place.
 */
export async function prepareStore(storeRoot: string, user: SandboxUser): Promise<void> {
  await mkdir(join(storeRoot, 'nix', 'store'), { recursive: true, mode: 0o755 });
  await mkdir(join(storeRoot, 'nix', 'var'), { recursive: true, mode: 0o755 });
  if (!isRoot()) return;
  await chown(join(storeRoot, 'nix', 'store'), user.uid, user.gid);
  await chown(join(storeRoot, 'nix', 'var'), user.uid, user.gid);
}
