/**
 * The paths that a derivation owns, recomputed: that of its `.drv` file, and those of its
 * outputs. A derivation that comes from elsewhere is believed only when both agree with what it
 * says. Checked against real `.drv` files of Nix and Guix.
 */
import { err, ok, type Result } from '#std/result.js';
import {
  cutFrame,
  maskFrame,
  type Derivation,
  type DerivationFrame,
  type DerivationOutput,
} from './derivation.js';
import { digestSize, fromHex, isHashAlgorithm, sha256OfByteString, type Hash } from './hash.js';
import {
  fixedOutputOf,
  type ModuloError,
  type ModuloHashes,
  type ModuloInputs,
} from './modulo-hashes.js';
import {
  fixedOutputPath,
  isStoreName,
  outputName,
  outputPath,
  parseStorePath,
  textPath,
} from './store-path.js';

export { ModuloHashes, type ModuloError, type ModuloHash } from './modulo-hashes.js';

export interface DerivationPathError {
  readonly kind:
    | 'bad-drv-path'
    | 'wrong-drv-path'
    | 'bad-input-path'
    | 'bad-outputs'
    | 'wrong-output-path'
    | 'wrong-environment'
    | ModuloError['kind'];
  readonly expected: string;
  readonly actual: string;
  readonly output?: string;
}

export type OutputKind = 'input-addressed' | 'fixed' | 'floating' | 'deferred';

/** An output's path as recomputed: null while only a build can tell it. */
export interface ComputedOutput {
  readonly name: string;
  readonly kind: OutputKind;
  readonly path: string | null;
}

/** The path of the `.drv` file: `name` is the derivation's, without `.drv`. */
export function derivationPath(item: {
  readonly dir: string;
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly derivation: Derivation;
}): string {
  const { dir, name, bytes, derivation } = item;
  const references = [
    ...derivation.inputSources,
    ...derivation.inputDerivations.map((input) => input.path),
  ];
  return textPath({ dir, name: `${name}.drv`, contents: bytes, references });
}

interface Named {
  readonly dir: string;
  readonly name: string;
  readonly derivation: Derivation;
  /** Must know, or find, every input derivation. */
  readonly modulo: ModuloHashes;
  /** The derivation as its file has it, cut up, when there is a file. */
  readonly printed?: Printed;
}

/** The paths that the derivation's outputs have by right, whatever it says of them. */
export function computeOutputs(item: Named): Result<ComputedOutput[], DerivationPathError> {
  const { dir, name, derivation } = item;
  const outputs = derivation.outputs;
  const bad = outputs.find((o) => !isStoreName(o.name) || !isStoreName(outputName(name, o.name)));
  if (bad || outputs.length === 0) {
    return refuse('bad-outputs', { expected: 'valid names', actual: bad?.name ?? '' });
  }
  if (outputs.some((output) => output.hash !== '')) return fixedOutputs(dir, name, derivation);
  if (outputs.every(isFloating)) {
    return ok(outputs.map((output) => ({ name: output.name, kind: 'floating', path: null })));
  }
  const strange = outputs.find((output) => output.hashAlgorithm !== '');
  if (strange) return badOutput(strange, 'outputs of one kind');
  return inputAddressed(item);
}

/**
 * Checks that `bytes`, which parse as `derivation`, own the path `path` and all their output
 * paths, in the outputs list and in the environment alike. On success `modulo` knows
 * the derivation, so that checking in dependency order needs nothing else.
 */
export function checkDerivation(item: {
  readonly dir: string;
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly derivation: Derivation;
  readonly modulo: ModuloHashes;
}): Result<void, DerivationPathError> {
  const { dir, path, bytes, derivation, modulo } = item;
  const name = derivationName(dir, path);
  if (name === undefined) {
    return refuse('bad-drv-path', { expected: `${dir}/….drv`, actual: path });
  }
  const printed = printedFile(item);
  // Inputs that could be printed are known, and have been looked at before.
  const known = printed.ok && printed.value.text !== '';
  const foreign = (known ? undefined : foreignInput(item)) ?? foreignSource(item);
  if (foreign) return err(foreign);
  const own = derivationPath({ dir, name, bytes, derivation });
  if (own !== path) return refuse('wrong-drv-path', { expected: own, actual: path });
  if (!printed.ok) return moduloRefusal(printed.error);
  const outputs = computeOutputs({ dir, name, derivation, modulo, printed: printed.value });
  if (!outputs.ok) return outputs;
  const wrong = wrongOutput(derivation, outputs.value);
  if (wrong) return err(wrong);
  modulo.keep(path, derivation, printed.value);
  return ok(undefined);
}

type Printed = DerivationFrame & ModuloInputs;

/** Inputs of a derivation with a fixed output are not looked at, and need not be known. */
function printedFile(item: {
  readonly bytes: Uint8Array;
  readonly derivation: Derivation;
  readonly modulo: ModuloHashes;
}): Result<Printed, ModuloError> {
  const { bytes, derivation, modulo } = item;
  if (fixedOutputOf(derivation)) return ok({ before: '', text: '', after: '', deferred: false });
  const inputs = modulo.printInputs(derivation);
  return inputs.ok ? ok({ ...cutFrame(derivation, bytes), ...inputs.value }) : inputs;
}

/**
 * Fills the output paths into a derivation made without them: in its outputs list and in the
 * environment variables that bear the outputs' names, which must be there.
 */
export function fillOutputPaths(item: Named): Result<Derivation, DerivationPathError> {
  const masked = maskOutputs(item.derivation);
  const computed = computeOutputs({ ...item, derivation: masked });
  if (!computed.ok) return computed;
  const paths = new Map(computed.value.map((output) => [output.name, output.path ?? '']));
  return ok({
    ...masked,
    outputs: masked.outputs.map((o) => ({ ...o, path: paths.get(o.name) ?? '' })),
    env: masked.env.map(([name, value]) => [name, paths.get(name) ?? value] as const),
  });
}

/** The derivation's own name, from its path: without hash part and `.drv`. */
export function derivationName(dir: string, path: string): string | undefined {
  const parsed = parseStorePath(dir, path);
  if (!parsed.ok || !/.\.drv$/.test(parsed.value.name)) return undefined;
  return parsed.value.name.slice(0, -'.drv'.length);
}

function fixedOutputs(
  dir: string,
  name: string,
  derivation: Derivation,
): Result<ComputedOutput[], DerivationPathError> {
  const output = fixedOutputOf(derivation);
  if (!output || output.name !== 'out') {
    return refuse('bad-outputs', { expected: 'one fixed output, out', actual: name });
  }
  const recursive = output.hashAlgorithm.startsWith('r:');
  const hash = declaredHash(output, recursive);
  if (!hash) return badOutput(output, 'a known hash in hexadecimal');
  return ok([
    { name: 'out', kind: 'fixed', path: fixedOutputPath({ dir, name, hash, recursive }) },
  ]);
}

function declaredHash(output: DerivationOutput, recursive: boolean): Hash | undefined {
  const algorithm = recursive ? output.hashAlgorithm.slice(2) : output.hashAlgorithm;
  if (!isHashAlgorithm(algorithm) || /[^0-9a-f]/.test(output.hash)) return undefined;
  const digest = fromHex(output.hash);
  return digest?.length === digestSize[algorithm] ? { algorithm, digest } : undefined;
}

function isFloating(output: DerivationOutput): boolean {
  const { path, hashAlgorithm, hash } = output;
  const algorithm = hashAlgorithm.startsWith('r:') ? hashAlgorithm.slice(2) : hashAlgorithm;
  return path === '' && hash === '' && isHashAlgorithm(algorithm);
}

function inputAddressed(item: Named): Result<ComputedOutput[], DerivationPathError> {
  const { dir, name, derivation } = item;
  const masked = printMasked(item);
  if (!masked.ok) return moduloRefusal(masked.error);
  const { text, deferred } = masked.value;
  const digest = sha256OfByteString(text);
  return ok(
    derivation.outputs.map(({ name: output }) =>
      deferred
        ? { name: output, kind: 'deferred', path: null }
        : {
            name: output,
            kind: 'input-addressed',
            path: outputPath({ dir, name, output, digest }),
          },
    ),
  );
}

function printMasked({ derivation, modulo, printed }: Named): Result<ModuloInputs, ModuloError> {
  if (!printed) return modulo.printWithInputs(maskOutputs(derivation));
  const { before, after } = maskFrame(printed, derivation);
  return ok({ text: `${before}${printed.text}${after}`, deferred: printed.deferred });
}

function maskOutputs(derivation: Derivation): Derivation {
  const names = new Set(derivation.outputs.map((output) => output.name));
  return {
    ...derivation,
    outputs: derivation.outputs.map((output) => ({ ...output, path: '' })),
    env: derivation.env.map(([name, value]) => [name, names.has(name) ? '' : value] as const),
  };
}

interface Placed {
  readonly dir: string;
  readonly derivation: Derivation;
}

function foreignInput({ dir, derivation }: Placed): DerivationPathError | undefined {
  const { inputDerivations } = derivation;
  const drv = inputDerivations.find(({ path }) => derivationName(dir, path) === undefined);
  return drv && { kind: 'bad-input-path', expected: `${dir}/….drv`, actual: drv.path };
}

function foreignSource({ dir, derivation }: Placed): DerivationPathError | undefined {
  const actual = derivation.inputSources.find((path) => !parseStorePath(dir, path).ok);
  return actual === undefined
    ? undefined
    : { kind: 'bad-input-path', expected: `${dir}/…`, actual };
}

function wrongOutput(
  derivation: Derivation,
  computed: readonly ComputedOutput[],
): DerivationPathError | undefined {
  for (const [i, { name, path }] of computed.entries()) {
    const said = derivation.outputs[i]?.path ?? '';
    const expected = path ?? '';
    if (said !== expected) {
      return { kind: 'wrong-output-path', expected, actual: said, output: name };
    }
    const variable = derivation.env.find(([one]) => one === name)?.[1] ?? '';
    if (path !== null && variable !== path) {
      return { kind: 'wrong-environment', expected, actual: variable, output: name };
    }
  }
  return undefined;
}

function refuse(
  kind: DerivationPathError['kind'],
  said: { readonly expected: string; readonly actual: string },
): Result<never, DerivationPathError> {
  return err({ kind, ...said });
}

function badOutput(output: DerivationOutput, expected: string): Result<never, DerivationPathError> {
  const actual = `${output.hashAlgorithm}:${output.hash}`;
  return err({ kind: 'bad-outputs', expected, actual, output: output.name });
}

function moduloRefusal(error: ModuloError): Result<never, DerivationPathError> {
  const { kind, path, output } = error;
  const expected = kind === 'cycle' ? 'a graph without cycles' : 'a known input';
  return err({ kind, expected, actual: path, ...(output === undefined ? {} : { output }) });
}
