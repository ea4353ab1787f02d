/**
 * In which encodings the nars of a store are offered besides the one that they came in. Nix takes
 * one of a narinfo, and takes zstd; Guix chooses among several, and older ones know gzip alone.
 */
import type { Compression, NarFile } from './offered-path.js';
import { dialectOf, type Store, type StoreId } from './store.js';

/** What the farm makes by itself. */
export const addableEncodings = ['gzip', 'lzip'] as const;
export type AddableEncoding = (typeof addableEncodings)[number];

export interface EncodedStore extends Pick<Store, 'dir'> {
  readonly id: StoreId;
  /** What an operator said; null: nothing. */
  readonly encodings: readonly AddableEncoding[] | null;
}

/** `available`: those whose programs are there. */
export function wantedEncodings(
  store: EncodedStore,
  available: ReadonlySet<AddableEncoding>,
): AddableEncoding[] {
  const usual = dialectOf(store) === 'guix' ? addableEncodings : [];
  return (store.encodings ?? usual).filter((encoding) => available.has(encoding));
}

/**
 * Names whose contents are compressed already, as a regular expression that Postgres reads alike;
 * `guix publish` goes by the name, too.
 */
export const compressedName =
  '\\.(7z|bz2|crate|deb|gem|gz|jar|lz|lzma|rpm|tbz2?|tgz|txz|tzst|whl|xz|zip|zst)$';

/**
 * What is still to be made of a path's nar. What is compressed already gains nothing by it, and is
 * offered as it is to those who do not read zstd.
 */
export function lackingEncodings(
  path: string,
  files: readonly Pick<NarFile, 'compression'>[],
  wanted: readonly AddableEncoding[],
): Compression[] {
  if (wanted.length === 0) return [];
  const compressed = new RegExp(compressedName).test(path);
  const ought: readonly Compression[] = compressed ? ['none'] : wanted;
  return ought.filter((encoding) => files.every(({ compression }) => compression !== encoding));
}

/** Of a path's files, the one that costs least to read; null when none can be undone here. */
export function sourceFile(files: readonly NarFile[]): NarFile | null {
  const order: readonly Compression[] = ['none', 'zstd', 'gzip'];
  const readable = files.filter(({ compression }) => order.includes(compression));
  readable.sort((a, b) => order.indexOf(a.compression) - order.indexOf(b.compression));
  return readable[0] ?? null;
}
