/**
 * Which of a store's keys sign. Nix takes any number of signatures, so that during a rotation all
 * do; a narinfo of Guix has room for one.
 */
import type { Dialect } from './store.js';

export interface KeyFileFacts {
  /** The file's name without `.sec`. */
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/**
 * The names of the keys that sign, the foremost first: the one that is named `primary`, else the
 * newest. A primary that is not there counts for nothing.
 */
export function chooseSigners(
  files: readonly KeyFileFacts[],
  primary: string | null,
  dialect: Dialect,
): string[] {
  const ordered = files
    .map((file) => ({ ...file, first: file.name === primary }))
    .sort(
      (a, b) =>
        Number(b.first) - Number(a.first) ||
        b.modifiedAt - a.modifiedAt ||
        (a.name < b.name ? 1 : -1),
    )
    .map(({ name }) => name);
  return dialect === 'guix' ? ordered.slice(0, 1) : ordered;
}
