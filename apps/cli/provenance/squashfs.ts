/** The manifest of a profile in a squashfs image, read by unsquashfs; nothing is unpacked. */
import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { manifestPath, type FoundManifest } from './find-manifest.js';

const root = 'squashfs-root/';

/** Null: there is none. Throws an Error when unsquashfs is missing or cannot read it. */
export async function manifestInSquashfs(file: string): Promise<FoundManifest | null> {
  // Absolute, so that no name can be taken for an option.
  const image = resolve(file);
  const listed = await unsquashfs(['-l', image]);
  const path = listed
    .split('\n')
    .map((line) => (line.startsWith(root) ? line.slice(root.length) : line))
    .find((line) => manifestPath.test(line));
  if (path === undefined) return null;
  return { path, text: await unsquashfs(['-cat', image, path]) };
}

async function unsquashfs(words: readonly string[]): Promise<string> {
  const child = spawn('unsquashfs', words, { stdio: ['ignore', 'pipe', 'pipe'] });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', () => {
      reject(
        new Error('a squashfs image is read by unsquashfs, of the squashfs tools: install it'),
      );
    });
  });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const told = Promise.all([ended, text(child.stdout), text(child.stderr)]);
  const [code, out, err] = await Promise.race([told, failed]);
  if (code === 0) return out;
  throw new Error(`unsquashfs cannot read it: ${err.trim().slice(0, 500)}`);
}
