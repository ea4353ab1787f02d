/**
 * The evaluator's own store, read from outside its sandbox. What lies there was made by foreign
 * code, so nothing is believed: names are parsed, links are not followed, and every path must be
 * the one that its bytes have by right.
 */
import { constants } from 'node:fs';
import { chown, lstat, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { dumpPath } from '#adapters/system/nar-disk.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { createSha256, formatHash, sha256, type Hash } from '#formats/hash.js';
import { fixedOutputPath, parseStorePath, sourcePath, textPath } from '#formats/store-path.js';
import type { PathInfo } from '#application/ports/backend.js';
import { isRoot, type SandboxUser } from '../sandbox/bubblewrap.js';
import { nixStoreDir } from './nix-program.js';
import { placeOf } from './store-place.js';

/** A text or flat file larger than this is not looked at as one. */
const largestText = 64 * 1024 * 1024;

/**
 * Makes the directories of a store. The evaluator's user owns what lies in the store and beside it,
 * not the directories above, so that it cannot put a link in the store's place.
 */
export async function prepareStore(storeRoot: string, user: SandboxUser): Promise<void> {
  await mkdir(join(storeRoot, 'nix', 'store'), { recursive: true, mode: 0o755 });
  await mkdir(join(storeRoot, 'nix', 'var'), { recursive: true, mode: 0o755 });
  if (!isRoot()) return;
  await chown(join(storeRoot, 'nix', 'store'), user.uid, user.gid);
  await chown(join(storeRoot, 'nix', 'var'), user.uid, user.gid);
}

/** The bytes of a regular file of the store, such as a `.drv`. */
export async function readStoreFile(storeRoot: string, path: string): Promise<Uint8Array> {
  const place = placeOf(storeRoot, path);
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
  storeRoot: string,
  path: string,
  referencesOf: ReferencesOf,
): Promise<PathInfo> {
  const sink = createSha256();
  for await (const bytes of dumpPath(placeOf(storeRoot, path))) sink.update(bytes);
  const narDigest = sink.digest();
  const flat = await flatContents(storeRoot, path);
  const info = { path, narHash: formatHash(sha256Hash(narDigest)), narSize: sink.bytesSeen };
  const without = addressOf(path, { narDigest, flat, references: [] });
  if (without !== null) return { ...info, references: [], ca: without };
  const references = await referencesOf(path);
  const ca = addressOf(path, { narDigest, flat, references });
  if (ca !== null) return { ...info, references, ca };
  throw new FarmFault('corrupt-data', `${path} does not own its bytes`, 'never');
}

interface Contents {
  readonly narDigest: Uint8Array;
  readonly flat: Uint8Array | null;
  readonly references: readonly string[];
}

/** The content address under which `path` has these contents, or null when it has not. */
function addressOf(path: string, contents: Contents): string | null {
  const parsed = parseStorePath(nixStoreDir, path);
  if (!parsed.ok) return null;
  const place = { dir: nixStoreDir, name: parsed.value.name };
  const { narDigest, flat, references } = contents;
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

async function flatContents(storeRoot: string, path: string): Promise<Uint8Array | null> {
  const stat = await lstat(placeOf(storeRoot, path));
  if (!stat.isFile() || stat.size > largestText || (stat.mode & 0o100) !== 0) return null;
  return readStoreFile(storeRoot, path);
}

function sha256Hash(digest: Uint8Array): Hash {
  return { algorithm: 'sha256', digest };
}
