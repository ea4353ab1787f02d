/**
 * The nar: the archive format of Nix and Guix, which holds names, contents, the executable bit
 * and links, and nothing else, so that equal trees give equal bytes. Read and written as a
 * stream.
 */
export {
  NarReader,
  type NarError,
  type NarEvent,
  type NarLimits,
  defaultNarLimits,
} from './nar/reader.js';
export * as NarWriter from './nar/writer.js';
export { compareNames, isEntryName, isSymlinkTarget } from './nar/grammar.js';
export { decodeNar, encodeNar, type NarEntry, type NarNode } from './nar/tree.js';
