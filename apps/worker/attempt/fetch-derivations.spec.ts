import { describe, expect, it } from '@jest/globals';
import type { BuildBackend } from '#application/ports/backend.js';
import type { PackedDerivation } from '#formats/derivation-pack.js';
import { printDerivation } from '#formats/derivation.js';
import { never } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { fetchDerivations } from './fetch-derivations.js';

const dir = '/gambeson/store';

function drv(name: string): string {
  return `${name.padStart(32, '0')}-${name}.drv`;
}

/** `a: b c` is a derivation a with the inputs b and c. */
function file(line: string): PackedDerivation {
  const [name = '', inputs = ''] = line.split(':');
  const paths = inputs
    .split(' ')
    .filter(Boolean)
    .map((input) => `${dir}/${drv(input)}`)
    .sort();
  const bytes = printDerivation({
    outputs: [{ name: 'out', path: '', hashAlgorithm: '', hash: '' }],
    inputDerivations: paths.map((path) => ({ path, outputs: ['out'] })),
    inputSources: [],
    system: 'x86_64-linux',
    builder: '/bin/sh',
    args: [],
    env: [],
  });
  return { name: drv(name), bytes };
}

/**
 * Runs the fetch of `wanted`; answers what was imported in order, and which packs were asked
 * for.
 */
async function fetched(
  wanted: string,
  packs: readonly (readonly string[])[],
  { here = [], importsSparingly = false }: { here?: string[]; importsSparingly?: boolean } = {},
): Promise<{ imported: string[]; asked: string[] }> {
  const store = new Set(here.map((name) => `${dir}/${drv(name)}`));
  const imported: string[] = [];
  const asked: string[] = [];
  const plain = (path: string): string => path.slice(path.lastIndexOf('/') + 34, -4);
  const backend: Partial<BuildBackend> = {
    importsSparingly,
    missingDerivations: async (paths) =>
      paths.filter((path) => !store.has(path)).map((path) => path.slice(dir.length + 1)),
    importDerivations: async (files) => void imported.push(...files.map(({ path }) => plain(path))),
  };
  const source = {
    getPack: async (_: string, name: string): Promise<PackedDerivation[] | null> => {
      asked.push(plain(`/${name}`));
      const pack = packs
        .map((lines) => lines.map(file))
        .find((p) => p.some((f) => f.name === name));
      return pack ?? null;
    },
  };
  const wish = { store: { slug: 'local', dir }, derivation: drv(wanted), cancellation: never };
  await fetchDerivations(backend as BuildBackend, source, wish);
  return { imported, asked };
}

describe('the derivations of a build', () => {
  it('are not asked for when they are here', async () => {
    expect(await fetched('a', [], { here: ['a'] })).toEqual({ imported: [], asked: [] });
  });

  it('come with all their inputs, inputs first, each pack once', async () => {
    const { imported, asked } = await fetched('a', [
      ['a: b', 'b: c'],
      ['c', 'd: c'],
    ]);
    expect(imported).toEqual(['c', 'b', 'a', 'd']);
    expect(asked).toEqual(['a', 'c']);
  });

  it('bring the rest of their pack along, but no further packs for it', async () => {
    const { imported, asked } = await fetched('a', [['a', 'x: y', 'z: x', 'ok: a'], ['y']]);
    expect(imported).toEqual(['a', 'ok']);
    expect(asked).toEqual(['a']);
  });

  it('come without the rest of their pack where imports are dear', async () => {
    const packs = [
      ['a: b', 'b: c', 'ok: a', 'x'],
      ['c', 'd: c'],
    ];
    expect((await fetched('a', packs, { importsSparingly: true })).imported).toEqual([
      'c',
      'b',
      'a',
    ]);
    expect((await fetched('a', packs, { here: ['c'], importsSparingly: true })).imported).toEqual([
      'b',
      'a',
    ]);
  });

  it('that the farm does not have are named', async () => {
    const failing = fetched('a', [['a: b']]);
    await expect(failing).rejects.toThrow(FarmFault);
    await expect(failing).rejects.toMatchObject({
      code: 'input-missing',
      message: expect.stringContaining(drv('b')) as unknown,
    });
  });
});
