/**
 * A bare repository of one revision that borrows its objects from a mirror: as if it had just been
 * fetched from upstream at that time, with the branch where it then stood and the branch of the
 * keys beside it. It costs no space, and needs neither network nor password.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Mirror } from './mirror.js';

export interface LentContents {
  readonly branch: string;
  readonly revision: string;
  /** The branch of the keys that sign its commits; left out where it was never fetched. */
  readonly keyring: string;
}

/** The directory must not exist yet; answers the branches that it has. */
export async function lendRepository(
  mirror: Mirror,
  { branch, revision, keyring }: LentContents,
  directory: string,
): Promise<string[]> {
  const keys = keyring === branch ? null : await mirror.headOf(keyring);
  const heads = new Map([[branch, revision], ...(keys === null ? [] : [[keyring, keys] as const])]);
  await mkdir(directory);
  await mkdir(join(directory, 'refs'));
  await mkdir(join(directory, 'objects', 'info'), { recursive: true });
  const lines = [...heads].map(([name, head]) => `${head} refs/heads/${name}\n`);
  await writeFile(
    join(directory, 'objects', 'info', 'alternates'),
    `${mirror.directory}/objects\n`,
  );
  await writeFile(join(directory, 'packed-refs'), lines.join(''));
  await writeFile(
    join(directory, 'config'),
    '[core]\n\trepositoryformatversion = 0\n\tbare = true\n',
  );
  // A repository is what has a HEAD: written last.
  await writeFile(join(directory, 'HEAD'), `ref: refs/heads/${branch}\n`);
  return [...heads.keys()];
}
