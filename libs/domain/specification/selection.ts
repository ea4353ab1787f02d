/**
 * What a specification builds. Nix and the local backend read a file of a channel; Guix has ways of
 * its own, named as in Cuirass's field `build` and interpreted by Guix itself.
 */
import { invariant } from '#std/invariant.js';
import type { BuildOutput } from '../build/build-product.js';

/** What Guix builds without being told names. */
export const guixSets = [
  'all',
  'core',
  'guix',
  'hello',
  'images',
  'system-tests',
  'tarball',
] as const;
export type GuixSet = (typeof guixSets)[number];

export const packFormats = ['docker', 'squashfs', 'tarball'] as const;
export type PackFormat = (typeof packFormats)[number];

/** Packs are made to be downloaded, and offered unless their specification says otherwise. */
export const packOutputs: readonly BuildOutput[] = packFormats.map((format) => {
  return { job: `^pack\\.${format}\\.`, type: format, output: 'out', path: '' };
});

/** `pack.docker.x86_64-linux`: what a pack's job is called. */
export function packJobName(format: PackFormat, system: string): string {
  return `pack.${format}.${system}`;
}

/**
 * A file of a channel (the first one unless named) and, within it, an attribute path. Every channel
 * is passed to the file by its name.
 */
export interface FileSelection {
  readonly channel?: string | undefined;
  readonly file: string;
  readonly attribute?: string | undefined;
}

export type GuixSelection =
  | { readonly set: GuixSet }
  /** Names, with `@VERSION` when one is meant. */
  | { readonly packages: readonly string[] }
  /** Names of channels: every package that they define. */
  | { readonly channels: readonly string[] }
  /** Files of the channels. */
  | { readonly manifests: readonly string[] }
  /** Scheme modules with a `cuirass-jobs` each: words joined by spaces, `my-channel ci`. */
  | { readonly custom: readonly string[] }
  /** Bundles of what a manifest names, with their provenance saved. */
  | { readonly packs: { readonly manifest: string; readonly formats: readonly PackFormat[] } };

export type Selection = FileSelection | GuixSelection;

export function isFileSelection(selection: Selection): selection is FileSelection {
  return 'file' in selection;
}

/** For people: `hello`, `packages emacs, vim`, `packs of manifest.scm as docker`. */
export function selectionWords(selection: GuixSelection): string {
  if ('set' in selection) return selection.set;
  if ('packs' in selection) {
    const { manifest, formats } = selection.packs;
    return `packs of ${manifest} as ${formats.join(', ')}`;
  }
  return Object.entries(selection)
    .map(([kind, names]: [string, readonly string[]]) => `${kind} ${names.join(', ')}`)
    .join('');
}

/** Of a specification for Nix or the local backend: the API takes no other there. */
export function fileSelectionOf(selection: Selection): FileSelection {
  invariant(isFileSelection(selection), 'the backend reads a file of a channel');
  return selection;
}
