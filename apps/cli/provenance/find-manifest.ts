/**
 * Looks for the manifest of a profile in a bundle: a tarball, a docker image (an archive of layers,
 * which are archives), a squashfs image. The bytes are a stranger's: nothing is unpacked to disk.
 */
import { createReadStream } from 'node:fs';
import { looksLikeTar, readTar, TarError } from '#formats/tar.js';
import { manifestInSquashfs } from './squashfs.js';
import { peek, unwrapped, wrappingOf, type Bytes } from './unpacked.js';

export interface FoundManifest {
  /** Where it lies within the bundle. */
  readonly path: string;
  readonly text: string;
}

/** Archives within archives: an image in a compressed tarball has three. */
const deepest = 4;
const largestManifest = 32 * 1024 * 1024;
const headLength = 512;
export const manifestPath = /^(?:\.?\/)?gnu\/store\/[a-z0-9]{32}-[^/]*profile\/manifest$/;

/** Null: there is none. Throws an Error with a sentence for what cannot be read. */
export async function findManifest(file: string): Promise<FoundManifest | null> {
  const [head, stream] = await peek(createReadStream(file), headLength);
  if (wrappingOf(head) === 'squashfs') {
    await stream[Symbol.asyncIterator]().return?.();
    return manifestInSquashfs(file);
  }
  try {
    const found = await search(stream, deepest);
    if (found !== 'no-archive') return found;
  } catch (error) {
    if (error instanceof TarError) throw new Error(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
  throw new Error(`${file} is neither a tarball nor a docker image nor a squashfs image`);
}

async function search(stream: Bytes, depth: number): Promise<FoundManifest | null | 'no-archive'> {
  const [head, whole] = await peek(stream, headLength);
  const wrapping = wrappingOf(head);
  if (wrapping !== 'none' && wrapping !== 'squashfs' && depth > 0) {
    return search(unwrapped(whole, wrapping), depth - 1);
  }
  if (!looksLikeTar(head) || depth === 0) return 'no-archive';
  for await (const entry of readTar(whole)) {
    if (!entry.isFile) continue;
    if (manifestPath.test(entry.path)) {
      return { path: entry.path, text: await textOf(entry.body, entry.size) };
    }
    if (!isLayer(entry.path)) continue;
    const found = await search(entry.body, depth - 1);
    if (found !== null && found !== 'no-archive') return found;
  }
  return null;
}

/** `HASH/layer.tar` or `HASH.tar` of docker's own, `blobs/sha256/HASH` of OCI's. */
function isLayer(path: string): boolean {
  return /(^|\/)(layer|[0-9a-f]{64})\.tar(\.\w+)?$|^(\.\/)?blobs\/sha256\/[0-9a-f]{64}$/.test(path);
}

async function textOf(body: Bytes, size: number): Promise<string> {
  if (size > largestManifest) throw new Error('the manifest in it is too large');
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
