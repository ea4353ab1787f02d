import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { parseDerivation, type Derivation } from './derivation.js';
import {
  checkDerivation,
  computeOutputs,
  derivationName,
  derivationPath,
  fillOutputPaths,
  ModuloHashes,
} from './derivation-paths.js';

const fixtures = new URL('../../test/fixtures/formats/', import.meta.url);

interface Store {
  readonly dir: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly lookup: (path: string) => Derivation | undefined;
}

function storeOf(dir: string, folder: string): Store {
  const place = new URL(folder, fixtures);
  const files = new Map(
    readdirSync(place).map((name) => [`${dir}/${name}`, readFileSync(new URL(name, place))]),
  );
  const lookup = (path: string): Derivation | undefined => {
    const parsed = parseDerivation(files.get(path) ?? new Uint8Array());
    return parsed.ok ? parsed.value : undefined;
  };
  return { dir, files, lookup };
}

const nix = storeOf('/nix/store', 'nix/drv/');
const guix = storeOf('/gnu/store', 'guix/drv/');

function pathOf(store: Store, ending: string): string {
  const path = [...store.files.keys()].find((file) => file.endsWith(ending));
  if (path === undefined) throw new Error(`no fixture ends with ${ending}`);
  return path;
}

/** A fixture's own derivation, changed and put at the path that the change gives it. */
function checkChanged(ending: string, change: (text: string) => string): unknown {
  const path = pathOf(nix, ending);
  const text = Buffer.from(nix.files.get(path) as Uint8Array).toString('latin1');
  const bytes = Buffer.from(change(text), 'latin1');
  const parsed = parseDerivation(bytes);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const derivation = parsed.value;
  const name = derivationName(nix.dir, path) as string;
  const moved = derivationPath({ dir: nix.dir, name, bytes, derivation });
  const modulo = new ModuloHashes(nix.lookup);
  return checkDerivation({ dir: nix.dir, path: moved, bytes, derivation, modulo });
}

describe('the paths of derivations', () => {
  it('of real Nix and Guix are recomputed alike', () => {
    for (const store of [nix, guix]) {
      const modulo = new ModuloHashes(store.lookup);
      expect(store.files.size).toBeGreaterThan(10);
      for (const [path, bytes] of store.files) {
        const derivation = store.lookup(path) as Derivation;
        const checked = checkDerivation({ dir: store.dir, path, bytes, derivation, modulo });
        expect([path, checked]).toEqual([path, { ok: true, value: undefined }]);
      }
    }
  });

  it('can be filled in again where they were taken out', () => {
    for (const store of [nix, guix]) {
      const modulo = new ModuloHashes(store.lookup);
      for (const path of store.files.keys()) {
        const derivation = store.lookup(path) as Derivation;
        if (derivation.outputs.some((output) => output.path === '')) continue;
        const names = new Set(derivation.outputs.map((output) => output.name));
        const blank = {
          ...derivation,
          outputs: derivation.outputs.map((output) => ({ ...output, path: '' })),
          env: derivation.env.map(([k, v]) => [k, names.has(k) ? '' : v] as const),
        };
        const name = derivationName(store.dir, path) as string;
        expect(fillOutputPaths({ dir: store.dir, name, derivation: blank, modulo })).toEqual({
          ok: true,
          value: derivation,
        });
      }
    }
  });

  it('are unknown for floating outputs and for all that needs them', () => {
    const modulo = new ModuloHashes(nix.lookup);
    const kinds = ['-plain.drv', '-tree.drv', '-floating.drv', '-deferred.drv', '-later.drv'].map(
      (ending) => {
        const path = pathOf(nix, ending);
        const name = derivationName(nix.dir, path) as string;
        const derivation = nix.lookup(path) as Derivation;
        const outputs = computeOutputs({ dir: nix.dir, name, derivation, modulo });
        return outputs.ok ? outputs.value.map((o) => [o.kind, o.path === null]) : outputs.error;
      },
    );
    expect(kinds).toEqual([
      [['input-addressed', false]],
      [['fixed', false]],
      [['floating', true]],
      [['deferred', true]],
      [['deferred', true]],
    ]);
  });

  it('do not care from where fixed bytes are fetched', () => {
    const modulo = new ModuloHashes(nix.lookup);
    const [one, other] = [...nix.files.keys()].filter((path) => path.endsWith('-flat.tar.gz.drv'));
    expect(modulo.get(one as string)).toEqual(modulo.get(other as string));
  });
});

describe('a derivation', () => {
  it('at a path that is not its own is refused with both', () => {
    const path = pathOf(nix, '-plain.drv');
    const bytes = Buffer.from(nix.files.get(path) as Uint8Array);
    const changed = Buffer.from(bytes.toString().replace('echo made', 'echo evil'));
    const derivation = parseDerivation(changed);
    if (!derivation.ok) throw new Error('unreadable');
    const item = { dir: nix.dir, path, bytes: changed, derivation: derivation.value };
    const checked = checkDerivation({ ...item, modulo: new ModuloHashes(nix.lookup) });
    expect(checked).toMatchObject({ error: { kind: 'wrong-drv-path', actual: path } });
  });

  it('that claims the output path of another is refused', () => {
    expect(checkChanged('-plain.drv', (t) => t)).toMatchObject({ ok: true });
    expect(checkChanged('-plain.drv', (t) => t.replace('made', 'evil'))).toMatchObject({
      error: { kind: 'wrong-output-path', output: 'out' },
    });
    expect(checkChanged('-tree.drv', (t) => t.replace('e3b0c4', 'e3b0c5'))).toMatchObject({
      error: { kind: 'wrong-output-path', output: 'out' },
    });
    expect(
      checkChanged('-deferred.drv', (t) => t.replace('"out",""', '"out","/nix/x"')),
    ).toMatchObject({
      error: { kind: 'wrong-output-path', expected: '', actual: '/nix/x' },
    });
  });

  it('that tells its builder another output path is refused', () => {
    const change = (text: string): string => text.replace(/\("out","\/nix[^"]*"\)/, '("out","")');
    expect(checkChanged('-plain.drv', change)).toMatchObject({
      error: { kind: 'wrong-environment', actual: '', output: 'out' },
    });
    expect(checkChanged('-tree.drv', change)).toMatchObject({
      error: { kind: 'wrong-environment' },
    });
  });

  it('with outputs of mixed or unknown kinds is refused', () => {
    const mixed = (t: string): string => t.replace(/("doc","[^"]*"),""/, '$1,"r:sha256"');
    expect(checkChanged('-multi.drv', mixed)).toMatchObject({ error: { kind: 'bad-outputs' } });
    const unknown = (t: string): string => t.replace('"r:sha256"', '"r:sha3"');
    expect(checkChanged('-tree.drv', unknown)).toMatchObject({ error: { kind: 'bad-outputs' } });
    const none = (t: string): string => t.replace(/^Derive\(\[[^\]]*\]/, 'Derive([]');
    expect(checkChanged('-plain.drv', none)).toMatchObject({ error: { kind: 'bad-outputs' } });
    const upwards = (t: string): string => t.replace('[("out"', '[("../out"');
    expect(checkChanged('-plain.drv', upwards)).toMatchObject({ error: { kind: 'bad-outputs' } });
  });

  it('whose inputs are strange or unknown is refused', () => {
    const foreign = (t: string): string => t.replace('[],[],', '[("/etc/passwd",["out"])],[],');
    expect(checkChanged('-plain.drv', foreign)).toMatchObject({
      error: { kind: 'bad-input-path', actual: '/etc/passwd' },
    });
    const source = (t: string): string => t.replace('[],[],', '[],["/nix/store/../x"],');
    expect(checkChanged('-plain.drv', source)).toMatchObject({ error: { kind: 'bad-input-path' } });
    const missing = (t: string): string =>
      t.replace(/[a-z0-9]{32}-multi/, `${'0'.repeat(32)}-multi`);
    expect(checkChanged('-uses.drv', missing)).toMatchObject({ error: { kind: 'missing-input' } });
    const output = (t: string): string => t.replace('["doc","lib"]', '["doc","man"]');
    expect(checkChanged('-uses.drv', output)).toMatchObject({
      error: { kind: 'unknown-output', output: 'man' },
    });
  });
});

describe('a graph of derivations', () => {
  const recipe = (inputs: readonly string[]): Derivation => ({
    outputs: [{ name: 'out', path: '/s/x', hashAlgorithm: '', hash: '' }],
    inputDerivations: inputs.map((path) => ({ path, outputs: ['out'] })),
    inputSources: [],
    system: '',
    builder: '',
    args: [],
    env: [],
  });

  it('may be a chain of 100,000 without overflowing the stack', () => {
    const length = 100_000;
    const modulo = new ModuloHashes((path) =>
      recipe(Number(path) < length ? [String(Number(path) + 1)] : []),
    );
    expect(modulo.get('0')).toMatchObject({ ok: true });
    expect(modulo.has(String(length))).toBe(true);
  });

  it('that needs itself is refused, with the derivation', () => {
    const ring = new Map([
      ['a', recipe(['b'])],
      ['b', recipe(['c'])],
      ['c', recipe(['b'])],
    ]);
    const modulo = new ModuloHashes((path) => ring.get(path));
    expect(modulo.get('a')).toEqual({ ok: false, error: { kind: 'cycle', path: 'b' } });
    expect(modulo.has('a')).toBe(false);
  });

  it('may be fed in dependency order without a lookup', () => {
    const fed = new ModuloHashes();
    expect(fed.add('a', recipe(['b']))).toEqual({
      ok: false,
      error: { kind: 'missing-input', path: 'b' },
    });
    expect(fed.add('b', recipe([]))).toMatchObject({ ok: true });
    expect(fed.add('a', recipe(['b']))).toMatchObject({ ok: true });
  });
});
