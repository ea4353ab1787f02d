/**
 * A store of the local backend on disk: the paths below `ROOT/gambeson/store`, and one small JSON
 * file per path below `ROOT/db` that says its nar hash, size, references and deriver. A path is
 * valid when that file is there; a `.drv` proves itself by its name and needs none. Several
 * processes may use one store: things are made aside and renamed into place under a lock of their
 * path.
 */
import * as fs from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { PathInfo } from '#application/ports/backend.js';
import { createSha256, formatHash, sha256 } from '#formats/hash.js';
import { parseDerivation } from '#formats/derivation.js';
import { parseStorePath } from '#formats/store-path.js';
import { FarmFault } from '#std/farm-fault.js';
import { dumpPath } from '#adapters/system/nar-disk.js';
import { encodeNar } from '#formats/nar.js';
import { storeDirectory } from './instantiate.js';
import { withPathLock } from './path-lock.js';
import { moveTree, removeTree } from './trees.js';

export interface RegisteredPath extends PathInfo {
  readonly deriver: string | null;
}

export class LocalStore {
  constructor(readonly root: string) {
    for (const part of ['gambeson/store', 'db', 'locks', 'tmp']) {
      fs.mkdirSync(join(root, part), { recursive: true });
    }
  }

  /** Where a store path lies on this disk. What is not a store path of ours is refused. */
  physical(path: string): string {
    return join(this.root, 'gambeson/store', baseName(path));
  }

  /** The directory that holds all paths. */
  get directory(): string {
    return join(this.root, 'gambeson/store');
  }

  /** A fresh name below the store's root, where something may be made before it is registered. */
  stage(): string {
    return join(this.root, 'tmp', randomUUID());
  }

  hasDerivation(path: string): boolean {
    return fs.existsSync(this.physical(path));
  }

  readDerivationBytes(path: string): Uint8Array {
    try {
      return fs.readFileSync(this.physical(path));
    } catch (cause) {
      throw new FarmFault('file-unreadable', `${path} is not in the store`, 'never', { cause });
    }
  }

  addDerivation(path: string, bytes: Uint8Array): void {
    if (this.hasDerivation(path)) return;
    const staged = this.stage();
    fs.writeFileSync(staged, bytes, { mode: 0o644 });
    fs.utimesSync(staged, 1, 1);
    fs.renameSync(staged, this.physical(path));
  }

  /** Null when the path is not valid here. */
  async registered(path: string): Promise<RegisteredPath | null> {
    try {
      return JSON.parse(await fs.promises.readFile(this.#entry(path), 'utf8')) as RegisteredPath;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw new FarmFault('corrupt-data', `the entry of ${path} cannot be read`, 'never', {
        cause: thrown,
      });
    }
  }

  /**
   * Moves what lies at `staged` to its path and registers it; a path already valid stays as it
   * is.
   */
  async register(staged: string, entry: RegisteredPath): Promise<void> {
    await withPathLock(join(this.root, 'locks', baseName(entry.path)), async () => {
      const target = this.physical(entry.path);
      if (await this.registered(entry.path)) {
        if (staged !== target) await removeTree(staged);
        return;
      }
      if (staged !== target) {
        await removeTree(target);
        await moveTree(staged, target);
      }
      const temporary = this.stage();
      await fs.promises.writeFile(temporary, JSON.stringify(entry), { flush: true });
      await fs.promises.rename(temporary, this.#entry(entry.path));
    });
  }

  /** Of a registered path, or of a `.drv`; throws `file-unreadable` for any other. */
  async pathInfo(path: string): Promise<PathInfo> {
    if (path.endsWith('.drv')) return derivationInfo(path, this.readDerivationBytes(path));
    const entry = await this.registered(path);
    if (!entry) throw new FarmFault('file-unreadable', `${path} is not in the store`, 'never');
    const { narHash, narSize, references, ca } = entry;
    return { path, narHash, narSize, references, ca };
  }

  narOf(path: string): AsyncIterable<Uint8Array> {
    return dumpPath(this.physical(path));
  }

  #entry(path: string): string {
    return join(this.root, 'db', `${baseName(path)}.json`);
  }
}

/** The SHA-256 digest and size in bytes of the nar of a tree. */
export async function hashTree(
  path: string,
  look: (piece: Uint8Array) => void = () => undefined,
): Promise<{ readonly digest: Uint8Array; readonly size: number }> {
  const hash = createSha256();
  for await (const piece of dumpPath(path)) {
    hash.update(piece);
    look(piece);
  }
  return { digest: hash.digest(), size: hash.bytesSeen };
}

export function formatNarHash(digest: Uint8Array): string {
  return formatHash({ algorithm: 'sha256', digest });
}

export function baseName(path: string): string {
  if (!parseStorePath(storeDirectory, path).ok) {
    throw new FarmFault(
      'misconfigured',
      `${path.slice(0, 200)} is not a path of this store`,
      'never',
    );
  }
  return path.slice(storeDirectory.length + 1);
}

function derivationInfo(path: string, bytes: Uint8Array): PathInfo {
  const nar = encodeNar({ type: 'regular', executable: false, contents: bytes });
  const parsed = parseDerivation(bytes);
  if (!parsed.ok) throw new FarmFault('corrupt-data', `${path} is not a derivation`, 'never');
  const { inputDerivations, inputSources } = parsed.value;
  return {
    path,
    narHash: formatNarHash(sha256(nar)),
    narSize: nar.length,
    references: [...inputSources, ...inputDerivations.map((input) => input.path)].sort(),
    ca: `text:${formatNarHash(sha256(bytes))}`,
  };
}
