/**
 * Store paths: `DIR/HASHPART-NAME`. The store directory is always an argument (`/nix/store`,
 * `/gnu/store`, that of the local backend), since it enters every path's hash.
 *
 * A name has 1 to 211 characters of `0-9 a-z A-Z + - . _ ? =`. Like today's Nix, it may begin
 * with a dot, but neither be `.` or `..` nor begin with `.-` or `..-`.
 */
import { err, ok, type Result } from '#std/result.js';
import { encodeNix32, isNix32 } from './base32.js';
import { sha256, sha256OfByteString, toHex, type Hash } from './hash.js';

export interface StorePath {
  readonly dir: string;
  /** 32 characters of nix32: 160 bits. */
  readonly hashPart: string;
  readonly name: string;
}

export type StorePathBasename = Omit<StorePath, 'dir'>;

export interface StorePathError {
  readonly kind: 'not-in-store' | 'bad-hash-part' | 'bad-name';
  /** What was given, cut to 300 characters. */
  readonly text: string;
}

export const hashPartLength = 32;
export const longestStoreName = 211;
/** Nobody's is longer than `/nix/store` by much. */
const longestDirectory = 255;

export function isStoreName(name: string): boolean {
  return (
    name.length <= longestStoreName &&
    /^[0-9a-zA-Z+\-._?=]+$/.test(name) &&
    !/^\.\.?(-|$)/.test(name)
  );
}

/** Reads `DIR/HASHPART-NAME`; a path below an item, or in another store, is refused. */
export function parseStorePath(dir: string, text: string): Result<StorePath, StorePathError> {
  if (!text.startsWith(`${dir}/`)) return refusal('not-in-store', text);
  const basename = parseBasename(text.slice(dir.length + 1));
  return basename.ok ? ok({ dir, ...basename.value }) : refusal(basename.error.kind, text);
}

/**
 * The directory of a path that comes from outside, of whatever store: undefined when its parts are
 * not what those of store directories are made of.
 */
export function storeDirectoryOf(text: string): string | undefined {
  const dir = text.slice(0, Math.max(0, text.lastIndexOf('/')));
  const isPlain = /^(?:\/[0-9a-zA-Z+\-._]+)+$/.test(dir) && !/\/\.\.?(?:\/|$)/.test(dir);
  return isPlain && dir.length <= longestDirectory ? dir : undefined;
}

/** Reads `HASHPART-NAME`. */
export function parseBasename(text: string): Result<StorePathBasename, StorePathError> {
  const hashPart = text.slice(0, hashPartLength);
  if (hashPart.length !== hashPartLength || !isNix32(hashPart) || text[hashPartLength] !== '-') {
    return refusal('bad-hash-part', text);
  }
  const name = text.slice(hashPartLength + 1);
  return isStoreName(name) ? ok({ hashPart, name }) : refusal('bad-name', text);
}

export function formatStorePath(path: StorePath): string {
  return `${path.dir}/${basenameOf(path)}`;
}

/** `HASHPART-NAME`, as narinfos write references. */
export function basenameOf(path: StorePathBasename): string {
  return `${path.hashPart}-${path.name}`;
}

interface Place {
  readonly dir: string;
  readonly name: string;
}

/**
 * The path of a digest under a type such as `source` or `output:out`. Names are not checked, and
 * must be of one byte a character, as those of a store are.
 */
export function makeStorePath(
  item: Place & { readonly type: string; readonly digest: Uint8Array },
): string {
  const { dir, name, type, digest } = item;
  const fingerprint = `${type}:sha256:${toHex(digest)}:${dir}:${name}`;
  const hashPart = encodeNix32(fold20(sha256OfByteString(fingerprint)));
  return `${dir}/${hashPart}-${name}`;
}

/** The path of a text item, `.drv` files among them. References are full paths, in any order. */
export function textPath(
  item: Place & { readonly contents: Uint8Array; readonly references: Iterable<string> },
): string {
  const { dir, name, contents, references } = item;
  return makeStorePath({ dir, name, type: typed('text', references), digest: sha256(contents) });
}

/** The path of a tree added recursively, by the SHA-256 of its nar. */
export function sourcePath(
  item: Place & { readonly narDigest: Uint8Array; readonly references?: Iterable<string> },
): string {
  const { dir, name, narDigest, references = [] } = item;
  return makeStorePath({ dir, name, type: typed('source', references), digest: narDigest });
}

/** The path of an output whose contents were declared, as a flat file or (recursive) as a nar. */
export function fixedOutputPath(
  item: Place & { readonly hash: Hash; readonly recursive: boolean },
): string {
  const { dir, name, hash, recursive } = item;
  if (recursive && hash.algorithm === 'sha256') {
    return sourcePath({ dir, name, narDigest: hash.digest });
  }
  const method = `${recursive ? 'r:' : ''}${hash.algorithm}`;
  const digest = sha256(new TextEncoder().encode(`fixed:out:${method}:${toHex(hash.digest)}:`));
  return makeStorePath({ dir, name, type: 'output:out', digest });
}

/** The path of an output named by its derivation: `name` is the derivation's, without `.drv`. */
export function outputPath(
  item: Place & { readonly output: string; readonly digest: Uint8Array },
): string {
  const { dir, name, output, digest } = item;
  return makeStorePath({ dir, name: outputName(name, output), type: `output:${output}`, digest });
}

/** The name of an output's path: `NAME` for `out`, else `NAME-OUTPUT`. */
export function outputName(name: string, output: string): string {
  return output === 'out' ? name : `${name}-${output}`;
}

function typed(type: string, references: Iterable<string>): string {
  const sorted = [...references].sort();
  return [type, ...sorted.filter((path, i) => i === 0 || path !== sorted[i - 1])].join(':');
}

/** Byte i goes into byte i mod 20 by exclusive or. */
function fold20(digest: Uint8Array): Uint8Array {
  const folded = new Uint8Array(20);
  for (let i = 0; i < digest.length; i++) folded[i % 20]! ^= digest[i]!;
  return folded;
}

function refusal(kind: StorePathError['kind'], text: string): Result<never, StorePathError> {
  return err({ kind, text: text.slice(0, 300) });
}
