/**
 * A channel of the size of Nixpkgs, as its evaluation would leave it: `.drv` files of the real
 * grammar that own their paths, one job for every second of them. Half of the derivations are
 * sources with four inputs, half are packages with twenty, most of which are the few that
 * everything needs; the closure of a package is some thousands.
 *
 * Writing them is the evaluation's work and not ours: it is done once, and kept in a file.
 */
import { createWriteStream, readSync } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printDerivation, type Derivation } from '#formats/derivation.js';
import { derivationPath, fillOutputPaths, ModuloHashes } from '#formats/derivation-paths.js';
import { sha256, toHex } from '#formats/hash.js';
import { encodeNar } from '#formats/nar.js';
import { hashPartLength, sourcePath } from '#formats/store-path.js';
import { SeededChance } from './seeded-chance.js';

export const storeDirectory = '/nix/store';
export const system = 'x86_64-linux';

/** Of a package, with its own source; of a source. */
const inputsOfPackage = 20;
const inputsOfSource = 4;
/** What stands before everything else: sources without inputs, and a chain of packages. */
const bootstrap = 40;

export const builderScript = new TextEncoder().encode('source "$stdenv/setup"\ngenericBuild\n');

export const builderPath = sourcePath({
  dir: storeDirectory,
  name: 'default-builder.sh',
  narDigest: sha256(encodeNar({ type: 'regular', executable: false, contents: builderScript })),
});

interface Made {
  readonly path: string;
  readonly out: string;
}

/** Where the channel of so many derivations lies, made now when it was not yet. */
export async function generatedChannel(derivations: number): Promise<string> {
  const directory = join(tmpdir(), `gambeson-bench-channel-3-${derivations}`);
  const there = await access(join(directory, 'index')).then(
    () => true,
    () => false,
  );
  if (there) return directory;
  process.stderr.write(`writes a channel of ${derivations} derivations to ${directory}\n`);
  const unfinished = `${directory}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  await writeChannel(unfinished, derivations);
  await rename(unfinished, directory);
  return directory;
}

/** `texts` holds all files, one after the other; `index` the hash part and end of each. */
async function writeChannel(directory: string, derivations: number): Promise<void> {
  const texts = createWriteStream(join(directory, 'texts'));
  const index = Buffer.alloc(derivations * entryBytes);
  const generator = new Generator();
  let end = 0;
  for (let i = 0; i < derivations; i += 1) {
    const { path, bytes } = generator.make(i);
    end += bytes.length;
    index.write(path.slice(storeDirectory.length + 1), i * entryBytes, hashPartLength, 'latin1');
    index.writeDoubleLE(end, i * entryBytes + hashPartLength);
    if (!texts.write(bytes)) await once(texts, 'drain');
  }
  texts.end();
  await once(texts, 'close');
  await writeFile(join(directory, 'edges'), String(generator.edges));
  await writeFile(join(directory, 'index'), index);
}

const entryBytes = hashPartLength + 8;

class Generator {
  edges = 0;
  private readonly chance = new SeededChance(9);
  private readonly modulo = new ModuloHashes();
  private readonly made: Made[] = [];

  make(i: number): { path: string; bytes: Uint8Array } {
    const name = nameOf(i);
    const inputs = this.inputsOf(i).sort((a, b) => (a.path < b.path ? -1 : 1));
    this.edges += inputs.length;
    const masked = i % 2 === 0 ? sourceOf(i, inputs) : packageOf(i, inputs);
    const place = { dir: storeDirectory, name };
    const filled = fillOutputPaths({ ...place, derivation: masked, modulo: this.modulo });
    if (!filled.ok) throw new Error(`${name}: ${filled.error.kind} ${filled.error.actual}`);
    const derivation = filled.value;
    const bytes = printDerivation(derivation);
    const path = derivationPath({ ...place, bytes, derivation });
    this.modulo.add(path, derivation);
    this.made.push({ path, out: derivation.outputs[0]!.path });
    return { path, bytes };
  }

  /** Sources are even, packages odd; few are needed by most. */
  private inputsOf(i: number): Made[] {
    const wished = i % 2 === 0 ? inputsOfSource : inputsOfPackage;
    const chosen = new Set<number>(i % 2 === 1 ? [i - 1] : []);
    const packages = i >> 1;
    if (i < bootstrap) {
      if (i > 1 && i % 2 === 1) chosen.add(i - 2);
      return [...chosen].map((one) => this.made[one]!);
    }
    while (chosen.size < wished) {
      chosen.add(2 * Math.floor(packages * this.chance.next() ** 4) + 1);
    }
    return [...chosen].map((one) => this.made[one]!);
  }
}

function nameOf(i: number): string {
  return i % 2 === 0 ? `source-${i}.tar.gz` : `package-${i}-1.0`;
}

/** The number of the derivation in its path, which `nameOf` wrote. */
export function numberIn(path: string): number {
  return Number(/-(?:source|package)-([0-9]+)/.exec(path)?.[1] ?? NaN);
}

function sourceOf(i: number, inputs: readonly Made[]): Derivation {
  const hash = toHex(sha256(new TextEncoder().encode(`contents of source ${i}`)));
  const url = `https://example.org/releases/package-${i + 1}/source-${i}.tar.gz`;
  return derivationOf(
    {
      ...{ name: nameOf(i), outputHash: hash, outputHashAlgo: 'sha256', outputHashMode: 'flat' },
      ...{ urls: url, mirrorsFile: inputs[0]?.out ?? '', preferLocalBuild: '1', curlOpts: '' },
      ...{ nativeBuildInputs: inputs.map((input) => input.out).join(' ') },
    },
    { inputs, outputs: [{ name: 'out', path: '', hashAlgorithm: 'sha256', hash }] },
  );
}

function packageOf(i: number, inputs: readonly Made[]): Derivation {
  const outs = inputs.map((input) => input.out);
  return derivationOf(
    {
      ...{ name: nameOf(i), pname: `package-${i}`, version: '1.0', src: outs.at(-1) ?? '' },
      ...{ nativeBuildInputs: outs.slice(0, 6).join(' '), buildInputs: outs.slice(6).join(' ') },
      ...{ configureFlags: `--with-number=${i} --disable-static --enable-shared`, patches: '' },
      ...{ doCheck: '1', strictDeps: '1', enableParallelBuilding: '1', outputsToInstall: 'out' },
      postInstall: `install -Dm644 "README" "$out/share/doc/package-${i}/README"\n`.repeat(6),
    },
    { inputs, outputs: [{ name: 'out', path: '', hashAlgorithm: '', hash: '' }] },
  );
}

function derivationOf(
  attributes: Readonly<Record<string, string>>,
  rest: { readonly inputs: readonly Made[]; readonly outputs: Derivation['outputs'] },
): Derivation {
  const env = { ...attributes, out: '', system, builder: '/bin/sh', outputs: 'out' };
  return {
    outputs: rest.outputs,
    inputDerivations: rest.inputs.map(({ path }) => ({ path, outputs: ['out'] })),
    inputSources: [builderPath],
    system,
    builder: '/bin/sh',
    args: ['-e', builderPath],
    env: Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}

/** The channel as it lies on the disk. */
export class ChannelFile {
  private constructor(
    readonly derivations: number,
    private readonly index: Buffer,
    private readonly texts: Awaited<ReturnType<typeof open>>,
  ) {}

  static async open(directory: string): Promise<ChannelFile> {
    const index = await readFile(join(directory, 'index'));
    const texts = await open(join(directory, 'texts'));
    return new ChannelFile(index.length / entryBytes, index, texts);
  }

  pathOf(i: number): string {
    const start = i * entryBytes;
    const hashPart = this.index.toString('latin1', start, start + hashPartLength);
    return `${storeDirectory}/${hashPart}-${nameOf(i)}.drv`;
  }

  /** Read at once: what a package manager's store costs to read is not what is measured. */
  textOf(i: number): Uint8Array {
    const start = i === 0 ? 0 : this.endOf(i - 1);
    const bytes = new Uint8Array(this.endOf(i) - start);
    readSync(this.texts.fd, bytes, 0, bytes.length, start);
    return bytes;
  }

  close(): Promise<void> {
    return this.texts.close();
  }

  private endOf(i: number): number {
    return this.index.readDoubleLE(i * entryBytes + hashPartLength);
  }
}
