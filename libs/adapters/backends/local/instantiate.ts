/**
 * Makes the derivation of a recipe whose inputs have theirs. Pure: recipes in, `.drv` bytes
 * out.
 */
import {
  byteStringOf,
  printDerivation,
  type Derivation,
  type InputDerivation,
} from '#formats/derivation.js';
import { derivationPath, fillOutputPaths, type ModuloHashes } from '#formats/derivation-paths.js';
import { err, ok, type Result } from '#std/result.js';
import type { Step } from './recipe-order.js';
import type { Recipe } from './recipe-file.js';

export const storeDirectory = '/gambeson/store';

/** What others need to know of a derivation to have it as their input. */
export interface InstantiatedInput {
  /** Full path of the `.drv`. */
  readonly path: string;
  /** Output name → full path, in the recipe's order. */
  readonly outputs: ReadonlyMap<string, string>;
}

export interface Instantiated extends InstantiatedInput {
  readonly bytes: Uint8Array;
}

export interface Ingredients {
  /** As the recipe names its inputs, in that order. */
  readonly inputs: readonly InstantiatedInput[];
  /** Full store paths, as the recipe names its sources. */
  readonly sources: readonly string[];
  /** Knows every input; learns this derivation. */
  readonly modulo: ModuloHashes;
}

/** Refuses only what the formats refuse, such as a name too long with its output. */
export function instantiate(step: Step, ingredients: Ingredients): Result<Instantiated, string> {
  const { recipe } = step;
  const used = usedOutputs(recipe, ingredients);
  if (!used.ok) return used;
  const { modulo, sources } = ingredients;
  const masked: Derivation = {
    outputs: outputsOf(recipe),
    inputDerivations: mergedInputs(used.value),
    inputSources: [...new Set(sources)].sort(),
    system: step.system,
    builder: '/bin/sh',
    args: ['-euc', byteStringOf(recipe.script)],
    env: environmentOf(step, used.value, sources),
  };
  const place = { dir: storeDirectory, name: recipe.name };
  const filled = fillOutputPaths({ ...place, derivation: masked, modulo });
  if (!filled.ok) return err(`${filled.error.kind}: ${filled.error.actual}`);
  const derivation = filled.value;
  const bytes = printDerivation(derivation);
  const path = derivationPath({ ...place, bytes, derivation });
  const added = modulo.add(path, derivation);
  if (!added.ok) return err(`${added.error.kind}: ${added.error.path}`);
  const paths = new Map(derivation.outputs.map((output) => [output.name, output.path]));
  const outputs = new Map(recipe.outputs.map((name) => [name, paths.get(name) ?? '']));
  return ok({ path, bytes, outputs });
}

interface UsedOutput {
  readonly variable: string;
  readonly derivation: string;
  readonly output: string;
  readonly path: string;
}

/**
 * What each input becomes: `input_NAME` holds the path of the named output, or of the first
 * one.
 */
function usedOutputs(recipe: Recipe, { inputs }: Ingredients): Result<UsedOutput[], string> {
  const used = recipe.inputs.map((input, i): UsedOutput => {
    const made = inputs[i]!;
    const output = input.output ?? [...made.outputs.keys()][0]!;
    const variable = `input_${input.text.replace(/[^A-Za-z0-9]/g, '_')}`;
    return { variable, derivation: made.path, output, path: made.outputs.get(output)! };
  });
  const seen = new Map<string, string>();
  for (const { variable, path } of used) {
    if ((seen.get(variable) ?? path) !== path) return err(`two inputs share the name ${variable}`);
    seen.set(variable, path);
  }
  return ok(used);
}

function outputsOf({ outputs, fixedOutput }: Recipe): Derivation['outputs'] {
  const hashAlgorithm = fixedOutput
    ? `${fixedOutput.recursive ? 'r:' : ''}${fixedOutput.algorithm}`
    : '';
  const hash = fixedOutput?.hash ?? '';
  return [...outputs].sort().map((name) => ({ name, path: '', hashAlgorithm, hash }));
}

function mergedInputs(used: readonly UsedOutput[]): InputDerivation[] {
  const merged = new Map<string, Set<string>>();
  for (const { derivation, output } of used) {
    merged.set(derivation, (merged.get(derivation) ?? new Set()).add(output));
  }
  return [...merged]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, outputs]) => ({ path, outputs: [...outputs].sort() }));
}

function environmentOf(
  step: Step,
  used: readonly UsedOutput[],
  sources: readonly string[],
): Derivation['env'] {
  const { recipe, system } = step;
  const env = new Map<string, string>(Object.entries(recipe.env));
  env.set('name', recipe.name).set('system', system).set('builder', '/bin/sh');
  env.set('outputs', recipe.outputs.join(' '));
  env.set('inputs', used.map(({ path }) => path).join(' '));
  env.set('sources', sources.join(' '));
  if (sources[0] !== undefined) env.set('src', sources[0]);
  if (recipe.requiredFeatures.length > 0) {
    env.set('requiredSystemFeatures', recipe.requiredFeatures.join(' '));
  }
  for (const { variable, path } of used) env.set(variable, path);
  for (const name of recipe.outputs) env.set(name, '');
  return [...env]
    .map(([name, value]) => [name, byteStringOf(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
}
