/**
 * Realises derivations of the local backend: fetches the closure of the inputs from the farm, runs
 * the builder in a sandbox, and registers what it made. Nothing is ever built here but what is
 * asked.
 */
import * as fs from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type {
  BuildBackend,
  PathInfo,
  RealiseEvent,
  RealiseRequest,
  RealiseResult,
} from '#application/ports/backend.js';
import { checkDerivation, ModuloHashes } from '#formats/derivation-paths.js';
import { parseDerivation, textOfByteString, type Derivation } from '#formats/derivation.js';
import type { Cancellation } from '#std/cancellation.js';
import { FarmFault } from '#std/farm-fault.js';
import { endSentence, reasonOfEnd } from './builder-end.js';
import { builderEnvironment, physicalText } from './builder-environment.js';
import { fetchClosure } from './fetch-closure.js';
import { storeDirectory } from './instantiate.js';
import { takeOutputs } from './outputs.js';
import { announced, runBuilder, type BuilderEnd, type BuilderRun } from './run-builder.js';
import {
  bubblewrapped,
  detectSandbox,
  unshared,
  type SandboxKind,
  type SandboxPlan,
  type Wrapped,
} from './sandbox.js';
import { baseName, LocalStore } from './store.js';
import { removeTree } from './trees.js';

export interface LocalBuildOptions {
  /** The worker's own store; made when it is missing. */
  readonly root: string;
  /** Found out by trying when absent. */
  readonly sandbox?: SandboxKind;
}

/** One attempt's facts, gathered before the builder runs. */
interface Preparation {
  readonly derivation: Derivation;
  readonly closure: readonly string[];
  readonly stage: string;
  readonly buildDirectory: string;
}

export class LocalBuildBackend implements BuildBackend {
  readonly #store: LocalStore;
  #sandbox: SandboxKind | undefined;

  constructor(options: LocalBuildOptions) {
    this.#store = new LocalStore(options.root);
    this.#sandbox = options.sandbox;
  }

  async missingDerivations(paths: readonly string[]): Promise<readonly string[]> {
    return paths.filter((path) => !this.#store.hasDerivation(path)).map(baseName);
  }

  async importDerivations(files: readonly { path: string; bytes: Uint8Array }[]): Promise<void> {
    const modulo = new ModuloHashes((path) => this.#lookup(path));
    for (const { path, bytes } of files) {
      const parsed = parseDerivation(bytes);
      if (!parsed.ok) throw refused(path, parsed.error.kind);
      const derivation = parsed.value;
      const checked = checkDerivation({ dir: storeDirectory, path, bytes, derivation, modulo });
      if (!checked.ok) throw refused(path, `${checked.error.kind} ${checked.error.actual}`);
      this.#store.addDerivation(path, bytes);
    }
  }

  async *realise(
    request: RealiseRequest,
    cancellation: Cancellation,
  ): AsyncGenerator<RealiseEvent, RealiseResult> {
    const derivation = this.#lookup(request.derivation);
    if (!derivation) throw refused(request.derivation, 'it was not imported');
    const outputs = new Map(derivation.outputs.map(({ name, path }) => [name, path]));
    if (await this.#allValid([...outputs.values()])) {
      yield { kind: 'started' };
      yield logLine('all outputs are in this store already\n');
      // How they were made is not known any more.
      return { kind: 'succeeded', outputs, sandboxed: false };
    }
    const from = { substituter: request.substituter, cancellation };
    const closure = await fetchClosure(this.#store, this.#inputPaths(derivation), from);
    const prepared = await this.#prepare(request, derivation, closure);
    try {
      return yield* this.#build(request, prepared, cancellation);
    } finally {
      await removeTree(prepared.stage);
      await removeTree(prepared.buildDirectory);
    }
  }

  pathInfo(path: string): Promise<PathInfo> {
    return this.#store.pathInfo(path);
  }

  narOf(path: string): AsyncIterable<Uint8Array> {
    return this.#store.narOf(path);
  }

  async *#build(
    request: RealiseRequest,
    prepared: Preparation,
    cancellation: Cancellation,
  ): AsyncGenerator<RealiseEvent, RealiseResult> {
    const { derivation, closure, stage } = prepared;
    const kind = (this.#sandbox ??= detectSandbox());
    yield { kind: 'started' };
    if (kind === 'none') yield logLine(withoutSandbox);
    const builder = runBuilder(this.#run(request, prepared, { kind, cancellation }));
    let step = await builder.next();
    for (; !step.done; step = await builder.next()) yield { kind: 'log', bytes: step.value };
    const end: BuilderEnd = step.value;
    if (end.stoppedFor === 'canceled') throw canceled();
    const reason = reasonOfEnd(end, fs.statfsSync(stage));
    if (reason !== null) {
      const message = endSentence(end, request);
      const exitCode = end.stoppedFor === null ? end.code : null;
      return { kind: 'failed', reason, message, ...(exitCode === null ? {} : { exitCode }) };
    }
    const { outputs } = derivation;
    const made = kind === 'none' ? this.#store.directory : stage;
    const built = { derivation: request.derivation, outputs, stage: made, closure };
    const taken = await takeOutputs(this.#store, built);
    if (!taken.ok) return { kind: 'failed', ...taken.error };
    const paths = new Map(outputs.map((o) => [o.name, o.path]));
    return { kind: 'succeeded', outputs: paths, sandboxed: kind !== 'none' };
  }

  #run(
    request: RealiseRequest,
    { derivation, closure, stage, buildDirectory }: Preparation,
    { kind, cancellation }: { kind: SandboxKind; cancellation: Cancellation },
  ): BuilderRun {
    const bare = kind === 'none';
    const directory = this.#store.directory;
    const words = [derivation.builder, ...derivation.args];
    const command = announced(
      words.map((w) => (bare ? physicalText(w, directory) : textOfByteString(w))),
    );
    const environment = builderEnvironment(derivation, {
      cores: request.cores || availableParallelism(),
      temporary: bare ? buildDirectory : '/build',
      physicalStore: bare ? directory : null,
      // Without a sandbox this is how processes that left their group are found again.
      mark: bare ? (process.env['GAMBESON_ATTEMPT'] ?? null) : null,
    });
    const plan = {
      stage,
      inputs: new Map(this.#mountable(closure, stage)),
      buildDirectory,
      rootDirectory: join(request.workDirectory, 'root'),
      network: derivation.outputs.some((output) => output.hash !== ''),
      environment,
      command,
    };
    const { limits, maxLogBytes } = request;
    const wrapped = wrap(kind, plan);
    return { wrapped, limits, maxLogBytes, cancellation, directory: buildDirectory };
  }

  /** Base names and places of what is to be mounted; a link cannot be, and is made anew. */
  *#mountable(closure: readonly string[], stage: string): Generator<[string, string]> {
    for (const path of closure) {
      const at = this.#store.physical(path);
      const name = baseName(path);
      if (!fs.lstatSync(at).isSymbolicLink()) yield [name, at];
      else fs.symlinkSync(fs.readlinkSync(at), join(stage, name));
    }
  }

  async #prepare(
    request: RealiseRequest,
    derivation: Derivation,
    closure: readonly string[],
  ): Promise<Preparation> {
    const stage = join(request.workDirectory, 'store');
    const buildDirectory = join(request.workDirectory, 'build');
    for (const directory of [stage, buildDirectory, join(request.workDirectory, 'root')]) {
      await removeTree(directory);
      fs.mkdirSync(directory, { recursive: true });
    }
    // Leftovers of a build that died: without an entry they are nothing.
    for (const { path } of derivation.outputs) {
      if (!(await this.#store.registered(path))) await removeTree(this.#store.physical(path));
    }
    return { derivation, closure, stage, buildDirectory };
  }

  #inputPaths(derivation: Derivation): string[] {
    const paths = new Set(derivation.inputSources);
    for (const input of derivation.inputDerivations) {
      const outputs = this.#lookup(input.path)?.outputs ?? [];
      for (const name of input.outputs) {
        const path = outputs.find((output) => output.name === name)?.path;
        if (path === undefined) throw refused(input.path, `its output ${name} is unknown`);
        paths.add(path);
      }
    }
    return [...paths];
  }

  async #allValid(paths: readonly string[]): Promise<boolean> {
    for (const path of paths) if (!(await this.#store.registered(path))) return false;
    return true;
  }

  #lookup(path: string): Derivation | undefined {
    if (!this.#store.hasDerivation(path)) return undefined;
    const parsed = parseDerivation(this.#store.readDerivationBytes(path));
    if (!parsed.ok) throw refused(path, parsed.error.kind);
    return parsed.value;
  }
}

function wrap(kind: SandboxKind, plan: SandboxPlan): Wrapped {
  if (kind === 'bubblewrap') return bubblewrapped(plan);
  if (kind === 'unshare') return unshared(plan);
  return { argv: plan.command, environment: plan.environment, instructions: '' };
}

const withoutSandbox = `\
*** THIS WORKER HAS NO SANDBOX: neither bubblewrap nor user namespaces work here. ***
*** The build sees the whole machine, and its outputs name this worker's own paths. ***
`;

function logLine(text: string): RealiseEvent {
  return { kind: 'log', bytes: new TextEncoder().encode(text) };
}

function refused(path: string, reason: string): FarmFault {
  return new FarmFault('corrupt-data', `${path} cannot be built: ${reason}`, 'never');
}

function canceled(): FarmFault {
  return new FarmFault('canceled', 'the build was stopped', 'never');
}
