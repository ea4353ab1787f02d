/**
 * The `.drv` files of a worker's store: written by us, and all of a batch registered in one
 * transaction of Nix' database. (`nix-store --import` and `nix copy --derivation` add them one by
 * one, ten times slower.)
 */
import { mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { sha256, toHex } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import {
  filesPerTurn,
  type CheckedFile,
  type DerivationStore,
} from '../realise/derivation-import.js';
import { nixStoreDir } from './nix-program.js';
import type { WorkerStore } from './worker-store.js';

export class NixDerivations implements DerivationStore {
  readonly dir = nixStoreDir;

  constructor(private readonly store: WorkerStore) {}

  make(): Promise<void> {
    return this.store.make();
  }

  read(path: string): Uint8Array {
    return readFileSync(this.store.place(path));
  }

  invalid(paths: readonly string[]): Promise<string[]> {
    return this.store.invalid(paths);
  }

  async put(files: readonly CheckedFile[]): Promise<void> {
    await this.#write(files);
    await this.store.register(files.map(registration).join(''));
  }

  async #write(files: readonly CheckedFile[]): Promise<void> {
    const stage = mkdtempSync(join(this.store.root, 'import-'));
    try {
      for (const [i, { path, bytes }] of files.entries()) {
        const staged = join(stage, `${i}`);
        writeFileSync(staged, bytes, { mode: 0o444 });
        // Nix' own normal form of what lies in a store: not writable, one second after the epoch.
        utimesSync(staged, 1, 1);
        renameSync(staged, this.store.place(path));
        if (i % filesPerTurn === 0) await nextTurn();
      }
    } catch (cause) {
      const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
      const sentence = `cannot write derivations into ${this.store.root}: ${sentenceOf(cause)}`;
      throw new FarmFault(full ? 'disk-full' : 'program-failed', sentence, 'later', { cause });
    } finally {
      rmSync(stage, { recursive: true, force: true });
    }
  }
}

/**
 * As `nix-store --load-db` reads it: path, nar hash in hexadecimal, nar size, deriver (none),
 * number of references, references. A `.drv` refers to its inputs; sources that are not here yet
 * are left out, since Nix refuses references to unknown paths, and does not need them to build.
 */
function registration({ path, bytes, derivation }: CheckedFile): string {
  const nar = encodeNar({ type: 'regular', executable: false, contents: bytes });
  const references = derivation.inputDerivations.map((input) => input.path);
  const fields = [path, toHex(sha256(nar)), nar.length, '', references.length, ...references];
  return fields.map((field) => `${field}\n`).join('');
}
