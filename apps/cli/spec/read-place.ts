/** The specification files that an operator names: one, or those of a directory. */
import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import {
  fileExtensions,
  type SpecificationFile,
} from '#adapters/specification-files/specification-file.js';

/** In the order of their names. Throws FarmFault `file-unreadable`. */
export async function readPlace(place: string): Promise<SpecificationFile[]> {
  try {
    const names = (await stat(place)).isDirectory() ? await filesIn(place) : [place];
    return await Promise.all(
      names.map(async (name) => ({ name, text: await readFile(name, 'utf8') })),
    );
  } catch (cause) {
    if (cause instanceof FarmFault) throw cause;
    const message = `${place} cannot be read: ${sentenceOf(cause)}`;
    throw new FarmFault('file-unreadable', message, 'never', { cause });
  }
}

async function filesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  const known = names.filter((name) => {
    return !name.startsWith('.') && fileExtensions.some((one) => one === extname(name));
  });
  if (known.length > 0) return known.sort().map((name) => join(directory, name));
  // With --prune an empty directory would archive all that it kept.
  const message = `${directory} holds no file that ends in ${fileExtensions.join(', ')}`;
  throw new FarmFault('misconfigured', message, 'never');
}

/** `file:NAME`, who keeps what a place says: its name without the ending, unless told. */
export function keeperFor(place: string, told: string | undefined): string {
  const base = basename(resolve(place));
  const known = fileExtensions.some((one) => one === extname(base));
  const name = told ?? (known ? base.slice(0, -extname(base).length) : base);
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) return `file:${name}`;
  const message = `"${name}" cannot be the name of who keeps them: give --as NAME`;
  throw new FarmFault('misconfigured', message, 'never');
}
