/**
 * Names that no committed file may hold: of the place where this was written, and of registries.
 */
import type { Fault } from './source-tree.js';

/** In pieces, so that this file does not hold what it forbids. */
const forbidden = [
  ['/wo', 'rk/(main|shared)'],
  ['registry\\.npm', 'js\\.org'],
  ['registry\\.yarn', 'pkg\\.com'],
  ['pypi\\.', 'org'],
  ['artifactory\\.[a-z]', ''],
  ['npm\\.pkg\\.', 'github\\.com'],
  ['-----BEGIN [A-Z ]*PRIVATE', ' KEY-----'],
].map((pieces) => new RegExp(pieces.join('')));

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export function secrecyFaults(files: readonly TextFile[]): Fault[] {
  return files.flatMap(({ path, text }) =>
    forbidden.flatMap((pattern) => {
      const found = pattern.exec(text);
      if (!found) return [];
      const line = text.slice(0, found.index).split('\n').length;
      return [{ path, line, message: 'names a place that it must not name' }];
    }),
  );
}
