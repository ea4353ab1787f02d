/**
 * The `.drv` files of a worker's store: given to the daemon as text, which computes each path anew
 * and takes no file whose references are not there. So the sources that they name are fetched from
 * the farm first.
 */
import { readFileSync } from 'node:fs';
import { FarmFault } from '#std/farm-fault.js';
import { never } from '#std/cancellation.js';
import { parseBasename } from '#formats/store-path.js';
import type { CheckedFile, DerivationStore } from '../../realise/derivation-import.js';
import { fetchPaths, type Sources } from './fetch-inputs.js';
import type { GuixDaemon } from './guix-daemon.js';
import { guixStoreDir } from './guix-place.js';

export interface GuixDerivationParts {
  readonly daemon: GuixDaemon;
  readonly sources: Sources;
  place(path: string): string;
}

export class GuixDerivations implements DerivationStore {
  readonly dir = guixStoreDir;

  constructor(private readonly parts: GuixDerivationParts) {}

  async make(): Promise<void> {
    // The daemon's store is made already.
  }

  read(path: string): Uint8Array {
    return readFileSync(this.parts.place(path));
  }

  invalid(paths: readonly string[]): Promise<string[]> {
    return this.parts.daemon.invalid(paths);
  }

  async put(files: readonly CheckedFile[]): Promise<void> {
    const { daemon, sources } = this.parts;
    const named = [...new Set(files.flatMap(({ derivation }) => derivation.inputSources))];
    await daemon.root(named);
    const failed = await fetchPaths(daemon, named, { sources, cancellation: never });
    if (failed) {
      const code = failed.reason === 'no-space' ? 'disk-full' : 'input-missing';
      throw new FarmFault(code, failed.message, 'later');
    }
    for (const file of files) await this.#add(file);
  }

  async #add({ path, bytes, derivation }: CheckedFile): Promise<void> {
    const { daemon } = this.parts;
    const references = [
      ...derivation.inputSources,
      ...derivation.inputDerivations.map((input) => input.path),
    ];
    // Until the build has begun nothing else holds it.
    await daemon.root([path]);
    const made = await daemon.addText(nameOf(path), bytes, references);
    if (made === path) return;
    throw new FarmFault('corrupt-data', `guix-daemon made ${made} where ${path} was sent`, 'never');
  }
}

function nameOf(path: string): string {
  const parsed = parseBasename(path.slice(guixStoreDir.length + 1));
  if (parsed.ok) return parsed.value.name;
  throw new FarmFault('corrupt-data', `${path.slice(0, 300)} is no store path`, 'never');
}
