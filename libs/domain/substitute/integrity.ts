/**
 * What can be wrong with the bytes of an offered path, and what follows from it: a broken file is
 * not told any more, and a path that no whole file holds is not offered any more.
 */
import type { NarDigest, NarFile } from './offered-path.js';
import type { StoreId } from './store.js';

export type FlawKind =
  | 'file-missing'
  | 'file-size'
  | 'file-hash'
  | 'file-unreadable'
  | 'not-a-nar'
  | 'nar-hash'
  | 'nar-size';

export interface Flaw {
  readonly kind: FlawKind;
  /** A sentence without its stop: what was expected, and what is there. */
  readonly detail: string;
}

export interface CheckedFile {
  readonly file: NarFile;
  readonly flaw: Flaw | null;
}

export interface BrokenFile {
  readonly file: NarFile;
  readonly flaw: Flaw;
}

/** `dropped`: another file of the path is whole, and the broken ones are left out. */
export type Judgement =
  | { readonly kind: 'whole' }
  | { readonly kind: 'dropped'; readonly broken: readonly BrokenFile[] }
  | { readonly kind: 'withdrawn'; readonly broken: readonly BrokenFile[] };

/** What follows for a path from what was seen of all its files. */
export function judgeFiles(checked: readonly CheckedFile[]): Judgement {
  const broken = checked.flatMap(({ file, flaw }) => (flaw ? [{ file, flaw }] : []));
  if (checked.length > 0 && broken.length === 0) return { kind: 'whole' };
  return { kind: broken.length < checked.length ? 'dropped' : 'withdrawn', broken };
}

/** An offered path with all that a check of it needs. */
export interface PathToCheck extends NarDigest {
  readonly id: number;
  readonly store: StoreId;
  readonly slug: string;
  readonly path: string;
  readonly files: readonly NarFile[];
  /** References that are not offered, though they ought to be; ascending. */
  readonly absent: readonly string[];
}

export interface SeenFile {
  readonly fileHash: string;
  readonly fileSize: number;
  /** Null when the encoding cannot be undone here. */
  readonly nar: NarDigest | null;
}

/** What is wrong with a file that was read to its end. */
export function flawOf(expected: NarDigest, file: NarFile, seen: SeenFile): Flaw | null {
  const differing = (kind: FlawKind, want: string | number, have: string | number): Flaw | null =>
    want === have ? null : { kind, detail: `expected ${want}, found ${have}` };
  return (
    differing('file-size', file.fileSize, seen.fileSize) ??
    differing('file-hash', file.fileHash, seen.fileHash) ??
    (seen.nar && differing('nar-size', expected.narSize, seen.nar.narSize)) ??
    (seen.nar && differing('nar-hash', expected.narHash, seen.nar.narHash))
  );
}

/** The part of all paths that a sample looks at, in ten thousandths, at least one of them. */
export function shareOf(sample: string, paths: number): number | null {
  const match = /^(\d{1,9}(?:\.\d{1,2})?)(%?)$/.exec(sample);
  const number = Number(match?.[1]);
  if (!match || !(number > 0)) return null;
  if (match[2] === '')
    return Number.isInteger(number) ? portion(number / Math.max(paths, 1)) : null;
  return number > 100 ? null : portion(number / 100);
}

function portion(part: number): number {
  return Math.min(10_000, Math.max(1, Math.ceil(part * 10_000)));
}
