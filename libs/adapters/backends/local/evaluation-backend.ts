/**
 * Reads a channel's recipe file and tells its jobs. No process runs: recipes are data. Derivations
 * and sources are written into a store of its own, from which the evaluator takes them.
 */
import * as fs from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import type {
  EvaluationBackend,
  EvaluationEvent,
  EvaluationRequest,
  PathInfo,
} from '#application/ports/backend.js';
import { fileSelectionOf } from '#domain/specification/selection.js';
import { ModuloHashes } from '#formats/derivation-paths.js';
import { isStoreName, sourcePath } from '#formats/store-path.js';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault, sentenceOf } from '#std/farm-fault.js';
import { err, ok, type Result } from '#std/result.js';
import { dumpPath, restoreNar } from '#adapters/system/nar-disk.js';
import {
  instantiate,
  storeDirectory,
  type Instantiated,
  type InstantiatedInput,
} from './instantiate.js';
import { parseRecipeFile, type RecipeFile } from './recipe-file.js';
import { RecipeOrder, stepKey, stepOf, type Ordered, type Step } from './recipe-order.js';
import { formatNarHash, hashTree, LocalStore } from './store.js';

const largestFile = 64 * 1024 * 1024;

export class LocalEvaluationBackend implements EvaluationBackend {
  readonly #store: LocalStore;

  /** `root` is the directory of the evaluator's own store; it is made when it is missing. */
  constructor(options: { readonly root: string }) {
    this.#store = new LocalStore(options.root);
  }

  async *evaluate(
    request: EvaluationRequest,
    cancellation: Cancellation,
  ): AsyncGenerator<EvaluationEvent> {
    const deadline = Date.now() + request.limits.timeoutSeconds * 1000;
    const checkout = checkoutOf(request);
    const { file: fileName } = fileSelectionOf(request.selection);
    const file = await readRecipes(checkout, fileName);
    const { recipes } = file;
    yield logLine(`${recipes.size} recipes in ${fileName}\n`);
    const wanted = wantedSteps(file, request);
    const jobs = new Set(wanted.map(stepKey));
    const order = new RecipeOrder(recipes);
    const reading = new Reading(this.#store, checkout, recipes);
    for (const step of wanted) {
      for (const ordered of order.visit(step)) {
        if (cancellation.aborted) throw new FarmFault('canceled', 'the evaluation was canceled');
        if (Date.now() > deadline) {
          const sentence = `reading took longer than ${request.limits.timeoutSeconds} s`;
          throw new FarmFault('evaluation-timed-out', sentence);
        }
        const event = await reading.take(ordered);
        if (jobs.has(stepKey(ordered.step))) yield event;
      }
    }
  }

  async derivation(path: string): Promise<Uint8Array> {
    return this.#store.readDerivationBytes(path);
  }

  pathInfo(path: string): Promise<PathInfo> {
    return this.#store.pathInfo(path);
  }

  narOf(path: string): AsyncIterable<Uint8Array> {
    return this.#store.narOf(path);
  }
}

/** One evaluation under way: what was made, by recipe and system. */
class Reading {
  readonly #made = new Map<string, InstantiatedInput>();
  readonly #sources = new Map<string, Result<string, string>>();
  readonly #modulo = new ModuloHashes();

  constructor(
    private readonly store: LocalStore,
    private readonly checkout: string,
    private readonly recipes: RecipeFile['recipes'],
  ) {}

  async take(ordered: Ordered): Promise<EvaluationEvent> {
    const { step } = ordered;
    const made = ordered.kind === 'broken' ? err(ordered.message) : await this.#make(step);
    if (!made.ok) return { kind: 'job-error', name: step.recipe.name, message: made.error };
    const { path, bytes, outputs } = made.value;
    // Without the bytes, which the store has: they would stay for as long as the evaluation.
    this.#made.set(stepKey(step), { path, outputs });
    this.store.addDerivation(path, bytes);
    const { name, timeoutSeconds, maxSilentSeconds, meta } = step.recipe;
    return {
      kind: 'job',
      name,
      system: step.system,
      derivation: path,
      outputs,
      meta,
      limits: { timeoutSeconds, maxSilentSeconds },
    };
  }

  async #make(step: Step): Promise<Result<Instantiated, string>> {
    const inputs: InstantiatedInput[] = [];
    for (const input of step.recipe.inputs) {
      const recipe = this.recipes.get(input.recipe);
      const made = recipe && this.#made.get(stepKey(stepOf(recipe, step.system)));
      if (!made) return err(`its input ${input.recipe} is broken`);
      inputs.push(made);
    }
    const sources: string[] = [];
    for (const source of step.recipe.sources) {
      const path = await this.#source(source);
      if (!path.ok) return path;
      sources.push(path.value);
    }
    return instantiate(step, { inputs, sources, modulo: this.#modulo });
  }

  async #source(relative: string): Promise<Result<string, string>> {
    const known = this.#sources.get(relative);
    if (known) return known;
    const added = await this.#addSource(relative);
    this.#sources.set(relative, added);
    return added;
  }

  async #addSource(relative: string): Promise<Result<string, string>> {
    const name = basename(relative);
    if (!isStoreName(name))
      return err(`the source ${relative} has a name that no store path can have`);
    const found = await within(this.checkout, relative);
    if (!found) return err(`the source ${relative} is not in the checkout`);
    try {
      const { digest, size } = await hashTree(found);
      const path = sourcePath({ dir: storeDirectory, name, narDigest: digest });
      if (await this.store.registered(path)) return ok(path);
      const staged = this.store.stage();
      await restoreNar(dumpPath(found), staged);
      const narHash = formatNarHash(digest);
      const ca = `fixed:r:${narHash}`;
      const entry = { path, narHash, narSize: size, references: [], ca, deriver: null };
      await this.store.register(staged, entry);
      return ok(path);
    } catch (thrown) {
      if (thrown instanceof FarmFault && thrown.code === 'disk-full') throw thrown;
      return err(`the source ${relative} cannot be read: ${sentenceOf(thrown)}`);
    }
  }
}

function checkoutOf({ checkouts, selection }: EvaluationRequest): string {
  const name = fileSelectionOf(selection).channel ?? [...checkouts.keys()][0] ?? '';
  const checkout = checkouts.get(name);
  if (checkout === undefined) {
    throw new FarmFault('evaluator-failed', `there is no channel called ${name}`, 'never');
  }
  return checkout;
}

async function readRecipes(checkout: string, file: string): Promise<RecipeFile> {
  const refuse = (message: string): never => {
    throw new FarmFault('evaluator-failed', `${file}: ${message}`, 'never');
  };
  const found = await within(checkout, file);
  if (!found) return refuse('no such file in the checkout');
  const stat = await fs.stat(found).catch(() => null);
  if (!stat?.isFile() || stat.size > largestFile) return refuse('not a file of at most 64 MiB');
  const parsed = parseRecipeFile(await fs.readFile(found, 'utf8'));
  return parsed.ok ? parsed.value : refuse(`${parsed.error.at}: ${parsed.error.message}`);
}

/** Every job for every system it is for: its own, or all that the specification names. */
function wantedSteps(file: RecipeFile, { selection, systems }: EvaluationRequest): Step[] {
  const { attribute, file: fileName } = fileSelectionOf(selection);
  if (attribute !== undefined && !file.recipes.has(attribute)) {
    const sentence = `${fileName}: there is no recipe called ${attribute}`;
    throw new FarmFault('evaluator-failed', sentence, 'never');
  }
  const names = attribute === undefined ? file.jobs : [attribute];
  return names.flatMap((name) => {
    const recipe = file.recipes.get(name)!;
    return recipe.system === null
      ? systems.map((system) => stepOf(recipe, system))
      : [stepOf(recipe, recipe.system)];
  });
}

/**
 * The file in the checkout, its last component unfollowed; null when it is missing or lies
 * outside.
 */
async function within(checkout: string, relative: string): Promise<string | null> {
  try {
    const root = await fs.realpath(checkout);
    const directory = await fs.realpath(dirname(join(root, relative)));
    if (directory !== root && !directory.startsWith(root + sep)) return null;
    const found = join(directory, basename(relative));
    const stat = await fs.lstat(found);
    if (!stat.isSymbolicLink()) return found;
    const target = await fs.realpath(found);
    return target === root || target.startsWith(root + sep) ? found : null;
  } catch {
    return null;
  }
}

function logLine(text: string): EvaluationEvent {
  return { kind: 'log', bytes: new TextEncoder().encode(text) };
}
