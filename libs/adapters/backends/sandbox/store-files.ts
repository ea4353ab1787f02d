/**
 * Files of a store, read on behalf of what foreign code named: names are parsed, links are not
 * followed, and a source must own its bytes by its path.
 */
import { constants } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { join } from 'node:path';
import { dumpPath } from '#adapters/system/nar-disk.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { createSha256, formatHash, sha256, type Hash } from '#formats/hash.js';
import { fixedOutputPath, parseStorePath, sourcePath, textPath } from '#formats/store-path.js';
import type { PathInfo } from '#application/ports/backend.js';

export interface StorePlace {
  /** What lies before the store directory on this machine; `/` for the machine's own store. */
  readonly root: string;
  /** The store directory, such as `/nix/store`. */
  readonly dir: string;
}

/** A text or flat file larger than this is not looked at as one. */
const largestText = 64 * 1024 * 1024;

/** Where a path lies on disk. Throws when it is no store path, or one within an item. */
export function placeOf({ root, dir }: StorePlace, path: string): string {
  if (parseStorePath(dir, path).ok) return join(root, path);
  throw new FarmFault('corrupt-data', `not a path of ${dir}: ${path.slice(0, 300)}`, 'never');
}

/** The bytes of a regular file of the store, such as a `.drv`. */
export async function readStoreFile(store: StorePlace, path: string): Promise<Uint8Array> {
  const place = placeOf(store, path);
  try {
    const file = await open(
      place,
      constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
    );
    try {
      const stat = await file.stat();
      if (!stat.isFile() || stat.size > largestText) throw new Error('it is no file to be read');
      return new Uint8Array(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (cause) {
    const sentence = `cannot read ${path} of the evaluation: ${sentenceOf(cause)}`;
    throw new FarmFault('file-unreadable', sentence, 'never', { cause });
  }
}

/** Asked only when a path does not own its bytes without references; answers full paths. */
export type ReferencesOf = (path: string) => Promise<readonly string[]>;

/** A source or text file: hash and size computed here, its references proven by its own path. */
export async function sourceInfo(
  store: StorePlace,
  path: string,
  referencesOf: ReferencesOf,
): Promise<PathInfo> {
  const hashed = await hashedInfo(store, path);
  const flat = await flatContents(store, path);
  const without = addressOf(store.dir, { path, hashed, flat, references: [] });
  if (without !== null) return { ...hashed.info, references: [], ca: without };
  const references = await referencesOf(path);
  const ca = addressOf(store.dir, { path, hashed, flat, references });
  if (ca !== null) return { ...hashed.info, references, ca };
  throw new FarmFault('corrupt-data', `${path} does not own its bytes`, 'never');
}

export interface HashedPath {
  readonly digest: Uint8Array;
  readonly info: Pick<PathInfo, 'path' | 'narHash' | 'narSize'>;
}

/** Hash and size of the nar of what lies at a path now. */
export async function hashedInfo(store: StorePlace, path: string): Promise<HashedPath> {
  const sink = createSha256();
  for await (const bytes of dumpPath(placeOf(store, path))) sink.update(bytes);
  const digest = sink.digest();
  const narHash = formatHash(sha256Hash(digest));
  return { digest, info: { path, narHash, narSize: sink.bytesSeen } };
}

interface Contents {
  readonly path: string;
  readonly hashed: HashedPath;
  readonly flat: Uint8Array | null;
  readonly references: readonly string[];
}

/** The content address under which the path has these contents, or null when it has not. */
function addressOf(dir: string, { path, hashed, flat, references }: Contents): string | null {
  const parsed = parseStorePath(dir, path);
  if (!parsed.ok) return null;
  const place = { dir, name: parsed.value.name };
  const narDigest = hashed.digest;
  if (sourcePath({ ...place, narDigest, references }) === path) {
    return `fixed:r:${formatHash(sha256Hash(narDigest))}`;
  }
  if (flat === null) return null;
  const hash = sha256Hash(sha256(flat));
  if (textPath({ ...place, contents: flat, references }) === path)
    return `text:${formatHash(hash)}`;
  if (references.length > 0) return null;
  return fixedOutputPath({ ...place, hash, recursive: false }) === path
    ? `fixed:${formatHash(hash)}`
    : null;
}

async function flatContents(store: StorePlace, path: string): Promise<Uint8Array | null> {
  const stat = await lstat(placeOf(store, path));
  if (!stat.isFile() || stat.size > largestText || (stat.mode & 0o100) !== 0) return null;
  return readStoreFile(store, path);
}

function sha256Hash(digest: Uint8Array): Hash {
  return { algorithm: 'sha256', digest };
}
