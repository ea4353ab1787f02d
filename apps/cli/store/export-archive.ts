/**
 * Store items as an archive that `nix-store --import` or `guix archive --import` reads, fetched
 * from a substitute server as its clients do. A nar that is not as its narinfo says ends the
 * archive within its item, which no importer takes.
 */
import {
  archiveEnd,
  dependenciesFirst,
  itemBegin,
  itemDescription,
  itemEnd,
} from '#formats/store-export.js';
import { signDigest, type GuixSecretKey } from '#formats/guix-signature.js';
import { createSha256 } from '#formats/hash.js';
import { parseStorePath } from '#formats/store-path.js';
import { FarmFault } from '#std/farm-fault.js';
import type { Server } from '../doctor/ask.js';
import { fetchNarinfo, type Offered } from '../doctor/closure.js';
import { narPieces, triedEncodings } from '../doctor/download.js';
import { signerOf, type Trust } from '../doctor/trust.js';

export interface ExportWish {
  readonly server: Server;
  /** Full paths, of one store directory. */
  readonly paths: readonly string[];
  /** With everything that they refer to. */
  readonly recursive: boolean;
  readonly trust: Trust;
  /** Signs each item, as Guix wants it; null: nothing is signed, as Nix wants it. */
  readonly signingKey: GuixSecretKey | null;
  readonly remark: (sentence: string) => void;
}

/** Questions under way at once. */
const together = 16;

/** Throws FarmFault `misconfigured` when they are not paths of one store directory. */
export function storeDirOf(paths: readonly string[]): string {
  const dirs = new Set(paths.map((path) => path.slice(0, path.lastIndexOf('/'))));
  const [dir = ''] = dirs;
  const bad = paths.find((path) => !dir.startsWith('/') || !parseStorePath(dir, path).ok);
  if (bad !== undefined) {
    throw new FarmFault('misconfigured', `${bad.slice(0, 300)} is not a path of ${dir}`, 'never');
  }
  return dir;
}

/** Throws BrokenLink when something is not offered, not trusted, or not as its narinfo says. */
export async function* exportArchive(wish: ExportWish): AsyncGenerator<Uint8Array> {
  const dir = storeDirOf(wish.paths);
  const roots = wish.paths.map((path) => path.slice(dir.length + 1));
  const found = await narinfosOf(wish, dir, roots);
  const below = (name: string): string[] =>
    (found.get(name)?.narinfo.references ?? []).filter((reference) => found.has(reference));
  for (const name of dependenciesFirst(roots, below)) {
    wish.remark(`${dir}/${name}`);
    yield* exportItem(wish, dir, found.get(name)!);
  }
  yield archiveEnd();
}

async function narinfosOf(
  wish: ExportWish,
  dir: string,
  roots: readonly string[],
): Promise<ReadonlyMap<string, Offered>> {
  const found = new Map<string, Offered>();
  let waiting = [...new Set(roots)];
  while (waiting.length > 0) {
    const now = waiting.splice(0, together);
    const offered = await Promise.all(now.map((name) => fetchNarinfo(wish.server, dir, name)));
    for (const [i, name] of now.entries()) {
      signerOf(wish.trust, offered[i]!);
      found.set(name, offered[i]!);
    }
    if (!wish.recursive) continue;
    const references = offered.flatMap(({ narinfo }) => narinfo.references);
    waiting = [...new Set([...waiting, ...references])].filter((name) => !found.has(name));
  }
  return found;
}

async function* exportItem(
  wish: ExportWish,
  dir: string,
  { narinfo }: Offered,
): AsyncGenerator<Uint8Array> {
  const { storePath, references, deriver } = narinfo;
  const [encoding] = triedEncodings(narinfo);
  if (!encoding) {
    const all = narinfo.encodings.map(({ compression }) => compression).join(', ');
    throw new FarmFault(
      'misconfigured',
      `${storePath} comes as ${all} alone, not read here`,
      'never',
    );
  }
  const hash = createSha256();
  yield itemBegin();
  for await (const piece of narPieces(wish.server, narinfo, encoding)) {
    hash.update(piece);
    yield piece;
  }
  const description = itemDescription({
    path: storePath,
    references: [...references].sort().map((name) => `${dir}/${name}`),
    deriver: deriver === undefined ? null : `${dir}/${deriver}`,
  });
  yield description;
  const digest = hash.update(description).digest();
  yield itemEnd(wish.signingKey && signDigest(wish.signingKey, digest));
}
