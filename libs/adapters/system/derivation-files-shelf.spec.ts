import { expect, it } from '@jest/globals';
import { derivationPath, fillOutputPaths, ModuloHashes } from '#formats/derivation-paths.js';
import { printDerivation } from '#formats/derivation.js';
import { DerivationFilesShelf } from './derivation-files-shelf.js';

const dir = '/nix/store';

/** A store of derivations that need nothing. */
class Store {
  private readonly files = new Map<string, Uint8Array>();

  write(name: string): string {
    const env = [
      ['name', name],
      ['out', ''],
    ] as const;
    const outputs = [{ name: 'out', path: '', hashAlgorithm: '', hash: '' }];
    const rest = { inputDerivations: [], inputSources: [], system: 's', builder: 'b', args: [] };
    const masked = { ...rest, outputs, env };
    const filled = fillOutputPaths({ dir, name, derivation: masked, modulo: new ModuloHashes() });
    if (!filled.ok) throw new Error(filled.error.kind);
    const bytes = printDerivation(filled.value);
    const path = derivationPath({ dir, name, bytes, derivation: filled.value });
    this.files.set(path, bytes);
    return path;
  }

  async derivation(path: string): Promise<Uint8Array> {
    return this.files.get(path)!;
  }
}

it('readings share what was learned, until it is too much and one begins anew', async () => {
  const store = new Store();
  const shelf = new DerivationFilesShelf(store, dir, 2);
  const first = shelf.open();
  for (const name of ['a', 'b']) expect((await first.check(store.write(name))).ok).toBe(true);
  expect(shelf.open()).toBe(first);
  expect((await first.check(store.write('c'))).ok).toBe(true);
  const second = shelf.open();
  expect(second).not.toBe(first);
  expect((await first.check(store.write('d'))).ok).toBe(true);
  expect(shelf.open()).toBe(second);
});
