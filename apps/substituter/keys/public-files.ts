/**
 * The public halves on disk, for everybody: what workers trust in one file, and a file for each
 * store beside it, `public-keys/SLUG.pub`, as its clients are given it.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { dialectOf } from '#domain/substitute/store.js';
import type { KeyRing, SigningStore } from './key-ring.js';

/** Workers fetch from the farm's own stores, and read Nix's form alone. */
export function publishKeys(file: string, ring: KeyRing, stores: readonly SigningStore[]): void {
  const trusted = stores
    .filter((store) => store.kind === 'farm' && dialectOf(store) === 'nix')
    .sort((a, b) => Number(b.slug === 'nix') - Number(a.slug === 'nix'))
    .flatMap((store) => ring.publicKeys(store));
  put(file, `${[...new Set(trusted)].join('\n')}\n`);
  for (const store of stores) {
    const path = join(dirname(file), 'public-keys', `${store.slug}.pub`);
    put(path, publicKeyText(ring, store));
  }
}

/** What `/signing-key.pub` answers: of Guix an s-expression, of Nix a line for each key. */
export function publicKeyText(ring: KeyRing, store: SigningStore): string {
  return `${ring.publicKeys(store).join('\n')}\n`;
}

function put(path: string, text: string): void {
  if (textOf(path) === text) return;
  mkdirSync(dirname(path), { recursive: true });
  const staged = `${path}.${process.pid}`;
  writeFileSync(staged, text, { mode: 0o644 });
  renameSync(staged, path);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
